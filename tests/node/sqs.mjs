// An SQS server on the loopback, in memory: fauxqs. `node sqs.mjs [PORT]` prints {"port":N} on one line and ends when its standard
// input does. Put right to be as at AWS: a queue's URL has the host and port that CreateQueue was sent to, any other host
// before the same path meaning it too; characters beyond U+FFFF may be in a body; a long poll ends when its client goes.
import { AsyncLocalStorage } from "node:async_hooks";
import { buildApp } from "fauxqs";
import { S3Store } from "./node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "./node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "./node_modules/fauxqs/dist/sqs/sqsStore.js";
import { INVALID_MESSAGE_BODY_CHAR } from "./node_modules/fauxqs/dist/sqs/sqsTypes.js";

const asking = new AsyncLocalStorage(); // the request that is being answered

// Waits like the queue itself, but no longer than the asker is there.
async function waitForMessages(queue, wait, seconds) {
  const waiting = wait.call(queue, seconds);
  const waiter = queue.pollWaiters.at(-1);
  const socket = asking.getStore().raw.socket;
  const giveUp = () => {
    const at = queue.pollWaiters.indexOf(waiter);
    if (at < 0) return;
    queue.pollWaiters.splice(at, 1);
    clearTimeout(waiter.timer);
    waiter.resolve();
  };
  socket.once("close", giveUp);
  await waiting;
  socket.off("close", giveUp);
}

class Queues extends SqsStore {
  host = "";

  createQueue(...given) {
    const queue = super.createQueue(...given);
    const wait = queue.waitForMessages;
    queue.waitForMessages = (seconds) => waitForMessages(queue, wait, seconds);
    return queue;
  }

  getQueue(url) {
    return super.getQueue(url) ?? this.getQueueByName(String(url).split("/").at(-1));
  }
}

const invalid = /[^\x09\x0A\x0D\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
INVALID_MESSAGE_BODY_CHAR.test = (text) => invalid.test(text);

const queues = new Queues();
const app = buildApp({ logger: false, stores: { sqsStore: queues, snsStore: new SnsStore(), s3Store: new S3Store() } });
// How many long polls wait at a queue: for tests that must know.
app.get("/waiting", async (request) => ({ waiting: queues.getQueue(request.query.queue)?.pollWaiters.length ?? 0 }));

app.addHook("preHandler", (request, _reply, done) => asking.run(request, done));

// What goes to nobody is given back, and was not received.
app.addHook("onSend", async (request, _reply, payload) => {
  if (!request.raw.socket.destroyed || !String(request.headers["x-amz-target"]).endsWith(".ReceiveMessage")) return payload;
  const queue = queues.getQueue(request.body.QueueUrl);
  for (const { ReceiptHandle } of JSON.parse(payload).Messages ?? []) {
    queue.inflightMessages.get(ReceiptHandle).message.approximateReceiveCount -= 1;
    queue.changeVisibility(ReceiptHandle, 0);
  }
  return payload;
});
await app.listen({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ port: app.server.address().port }));
process.on("SIGINT", () => {}); // whoever started us ends our input
process.stdin.resume().on("end", () => process.exit(0));
