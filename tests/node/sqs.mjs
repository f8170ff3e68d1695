// An SQS server on the loopback, in memory: fauxqs. `node sqs.mjs [PORT]` prints {"port":N} on one line and ends when its standard
// input does. A queue's URL has the host and port that CreateQueue was sent to; any other host before the same path means it too, as at AWS.
import { buildApp } from "fauxqs";
import { S3Store } from "./node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "./node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "./node_modules/fauxqs/dist/sqs/sqsStore.js";

class Queues extends SqsStore {
  host = "";

  getQueue(url) {
    return super.getQueue(url) ?? this.getQueueByName(String(url).split("/").at(-1));
  }
}

const app = await buildApp({ logger: false, stores: { sqsStore: new Queues(), snsStore: new SnsStore(), s3Store: new S3Store() } });
await app.listen({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ port: app.server.address().port }));
process.on("SIGINT", () => {}); // whoever started us ends our input
process.stdin.resume().on("end", () => process.exit(0));
