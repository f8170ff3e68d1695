// An SQS server on the loopback, in memory: fauxqs. `node sqs.mjs [PORT]` prints {"port":N} on one line and ends when its standard
// input does. Two things are put right to be as at AWS: a queue's URL has the host and port that CreateQueue was sent to, any other host
// before the same path meaning it too; and characters beyond U+FFFF may be in a body.
import { buildApp } from "fauxqs";
import { S3Store } from "./node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "./node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "./node_modules/fauxqs/dist/sqs/sqsStore.js";
import { INVALID_MESSAGE_BODY_CHAR } from "./node_modules/fauxqs/dist/sqs/sqsTypes.js";

class Queues extends SqsStore {
  host = "";

  getQueue(url) {
    return super.getQueue(url) ?? this.getQueueByName(String(url).split("/").at(-1));
  }
}

const invalid = /[^\x09\x0A\x0D\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
INVALID_MESSAGE_BODY_CHAR.test = (text) => invalid.test(text);

const app = await buildApp({ logger: false, stores: { sqsStore: new Queues(), snsStore: new SnsStore(), s3Store: new S3Store() } });
await app.listen({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ port: app.server.address().port }));
process.on("SIGINT", () => {}); // whoever started us ends our input
process.stdin.resume().on("end", () => process.exit(0));
