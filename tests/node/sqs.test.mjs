// What Twinshift relies on in the SQS server of the tests (fauxqs), shown by AWS's own client; most of it through the front that checks
// signatures, so that this shows the front, too.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import {
  ChangeMessageVisibilityBatchCommand, ChangeMessageVisibilityCommand, CreateQueueCommand, DeleteMessageBatchCommand,
  DeleteMessageCommand, GetQueueAttributesCommand, GetQueueUrlCommand, QueueDoesNotExist, ReceiveMessageCommand, SQSClient,
  SendMessageBatchCommand, SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { control, credentials, env, until } from "./control.mjs";

const make = (more = {}) =>
  new SQSClient({ endpoint: env("SQS_URL"), region: env("DATA_API_REGION"), credentials, maxAttempts: 1, useQueueUrlAsEndpoint: false, ...more });
const client = make();
const md5 = (text) => createHash("md5").update(text).digest("hex");

async function queue(Attributes = {}, suffix = "") {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: `q-${randomUUID()}${suffix}`, Attributes }));
  const send = (Command, more = {}, by = client) => by.send(new Command({ QueueUrl, ...more }));
  const receive = async (more = {}) =>
    (await send(ReceiveMessageCommand, { MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"], ...more })).Messages ?? [];
  return { QueueUrl, send, receive };
}

const entries = (...bodies) => ({ Entries: bodies.map((MessageBody, i) => ({ Id: `e${i}`, MessageBody })) });

// How many long polls wait at a queue, as the server itself tells.
async function polls(QueueUrl) {
  const answer = await fetch(`${env("SQS_DIRECT_URL")}/waiting?queue=${encodeURIComponent(QueueUrl)}`);
  return (await answer.json()).waiting;
}

beforeEach(() => control.order("reset"));
after(async () => {
  await control.order("reset");
  control.close();
});

test("a message with an attribute: MD5s, attributes, receive count", async () => {
  const { send, receive } = await queue({ VisibilityTimeout: "1" });
  const body = JSON.stringify({ id: randomUUID(), data: { name: "ÄÖ \u{1F680}" } });
  const MessageAttributes = { Source: { DataType: "String", StringValue: "AppsFlyer" } };
  const sent = await send(SendMessageCommand, { MessageBody: body, MessageAttributes });
  assert.equal(sent.MD5OfMessageBody, md5(body));
  const number = (n) => Buffer.from([0, 0, 0, n]);
  const digest = md5(Buffer.concat([number(6), Buffer.from("Source"), number(6), Buffer.from("String"), Buffer.from([1]), number(9), Buffer.from("AppsFlyer")]));
  assert.equal(sent.MD5OfMessageAttributes, digest);
  const [first] = await receive();
  assert.deepEqual([first.Body, first.MD5OfBody, first.MD5OfMessageAttributes], [body, md5(body), digest]);
  assert.deepEqual(first.MessageAttributes, MessageAttributes);
  assert.ok(Math.abs(Number(first.Attributes.SentTimestamp) - Date.now()) < 60_000);
  const [again] = await receive({ WaitTimeSeconds: 5 });
  assert.deepEqual([first.Attributes.ApproximateReceiveCount, again.Attributes.ApproximateReceiveCount], ["1", "2"]);
  assert.notEqual(again.ReceiptHandle, first.ReceiptHandle);
});

test("batches fail entry by entry", async () => {
  const { send, receive } = await queue();
  const sent = await send(SendMessageBatchCommand, entries("a", "bad \u0001", "c"));
  assert.deepEqual(sent.Successful.map((e) => [e.Id, e.MD5OfMessageBody]), [["e0", md5("a")], ["e2", md5("c")]]);
  assert.deepEqual(sent.Failed.map((e) => [e.Id, e.SenderFault]), [["e1", true]]);
  const messages = await receive();
  assert.equal(messages.length, 2);
  await control.fault("entry_fails", { operation: "DeleteMessageBatch", code: "InternalError", entries: 1 });
  const both = { Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: `e${i}`, ReceiptHandle })) };
  const deleted = await send(DeleteMessageBatchCommand, both);
  assert.deepEqual([deleted.Successful.map((e) => e.Id), deleted.Failed], [["e1"], [{ Id: "e0", SenderFault: false, Code: "InternalError", Message: "the stand-in was told to fail" }]]);
  const changed = await send(ChangeMessageVisibilityBatchCommand, { Entries: [
    { Id: "good", ReceiptHandle: messages[0].ReceiptHandle, VisibilityTimeout: 0 }, { Id: "bad", ReceiptHandle: "stale", VisibilityTimeout: 0 }] });
  assert.deepEqual([changed.Successful.map((e) => e.Id), changed.Failed.map((e) => e.Id)], [["good"], ["bad"]]);
  assert.equal((await receive()).length, 1);
});

test("limits", async () => {
  const { send } = await queue();
  const refused = (call, pattern) => assert.rejects(call, (error) => pattern.test(error.name) || pattern.test(error.Code ?? ""));
  await refused(send(SendMessageBatchCommand, entries(...Array(11).fill("x"))), /TooManyEntriesInBatchRequest/);
  await refused(send(SendMessageBatchCommand, { Entries: [] }), /EmptyBatchRequest/);
  await refused(send(SendMessageBatchCommand, { Entries: [{ Id: "a", MessageBody: "1" }, { Id: "a", MessageBody: "2" }] }), /BatchEntryIdsNotDistinct/);
  await refused(send(SendMessageBatchCommand, entries("x".repeat(600_000), "y".repeat(600_000))), /BatchRequestTooLong/);
  await refused(send(SendMessageCommand, { MessageBody: "x".repeat(1_048_577) }), /InvalidParameterValue|InvalidMessageContents/);
  assert.ok((await send(SendMessageCommand, { MessageBody: "x".repeat(1_048_576) })).MessageId);
  await assert.rejects(client.send(new GetQueueUrlCommand({ QueueName: "nowhere" })), (error) => error instanceof QueueDoesNotExist &&
    error.name === "QueueDoesNotExist");
  await assert.rejects(client.send(new SendMessageCommand({ QueueUrl: `${env("SQS_URL")}/000000000000/nowhere`, MessageBody: "x" })), QueueDoesNotExist);
});

test("a long poll ends when a message comes, an empty one has no messages", async () => {
  const { send, receive } = await queue();
  const begun = Date.now();
  assert.deepEqual(await receive({ WaitTimeSeconds: 1 }), []);
  assert.ok(Date.now() - begun >= 900);
  const waiting = receive({ WaitTimeSeconds: 20 });
  await send(SendMessageCommand, { MessageBody: "wake" });
  assert.equal((await waiting)[0].Body, "wake");
  assert.ok(Date.now() - begun < 15_000);
});

test("a long poll whose client has gone takes nothing", async () => {
  const { QueueUrl, receive } = await queue({ VisibilityTimeout: "600" });
  for (const endpoint of [env("SQS_URL"), env("SQS_DIRECT_URL")]) {
    const gone = new AbortController();
    const by = make({ endpoint });
    const asked = by.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: gone.signal });
    await until(async () => (await polls(QueueUrl)) === 1, "the poll");
    gone.abort();
    await assert.rejects(asked);
    await until(async () => (await polls(QueueUrl)) === 0, "the poll's end");
    await by.send(new SendMessageCommand({ QueueUrl, MessageBody: endpoint }));
    const [message] = await receive({ WaitTimeSeconds: 10 });
    assert.deepEqual([message.Body, message.Attributes.ApproximateReceiveCount], [endpoint, "1"]);
  }
});

test("visibility is extended and given back", async () => {
  const { send, receive } = await queue({ VisibilityTimeout: "1" });
  await send(SendMessageCommand, { MessageBody: "x" });
  const [first] = await receive();
  await send(ChangeMessageVisibilityCommand, { ReceiptHandle: first.ReceiptHandle, VisibilityTimeout: 600 });
  assert.deepEqual(await receive({ WaitTimeSeconds: 2 }), []);
  await send(ChangeMessageVisibilityCommand, { ReceiptHandle: first.ReceiptHandle, VisibilityTimeout: 0 });
  assert.equal((await receive()).length, 1);
  await assert.rejects(send(ChangeMessageVisibilityCommand, { ReceiptHandle: "stale", VisibilityTimeout: 1 }));
});

test("what is received too often goes to the dead letters", async () => {
  const dead = await queue({ MessageRetentionPeriod: "1209600" });
  const { QueueArn } = (await dead.send(GetQueueAttributesCommand, { AttributeNames: ["QueueArn"] })).Attributes;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 2 });
  const { send, receive } = await queue({ VisibilityTimeout: "0", RedrivePolicy });
  const told = (await send(GetQueueAttributesCommand, { AttributeNames: ["All"] })).Attributes;
  assert.deepEqual(JSON.parse(told.RedrivePolicy), JSON.parse(RedrivePolicy));
  assert.deepEqual([told.VisibilityTimeout, told.MessageRetentionPeriod, told.ApproximateNumberOfMessages], ["0", "345600", "0"]);
  await send(SendMessageCommand, { MessageBody: "poison" });
  assert.equal((await receive()).length, 1);
  assert.equal((await receive()).length, 1);
  assert.deepEqual(await receive(), []);
  assert.equal((await dead.receive({ WaitTimeSeconds: 5 }))[0].Body, "poison");
});

test("FIFO: order in a group, one group blocked, doubles dropped", async () => {
  const { send, receive } = await queue({ FifoQueue: "true" }, ".fifo");
  const one = (MessageBody, MessageGroupId, MessageDeduplicationId) => send(SendMessageCommand, { MessageBody, MessageGroupId, MessageDeduplicationId });
  assert.ok((await one("1", "a", "d1")).SequenceNumber);
  await one("2", "a", "d2");
  await one("2 again", "a", "d2");
  await one("other", "b", "d3");
  const bodies = (messages) => messages.map((m) => m.Body);
  const [first] = await receive({ MaxNumberOfMessages: 1 });
  assert.equal(first.Body, "1");
  assert.deepEqual(bodies(await receive()), ["other"]);
  await send(DeleteMessageCommand, { ReceiptHandle: first.ReceiptHandle });
  assert.deepEqual(bodies(await receive()), ["2"]);
});

test("the front: signatures, permissions, faults", async () => {
  const { send, QueueUrl } = await queue();
  const with_ = (more) => send(SendMessageCommand, { MessageBody: "x" }, make({ credentials: { ...credentials, ...more } }));
  await assert.rejects(with_({ secretAccessKey: "wrong" }), (error) => error.$metadata.httpStatusCode === 403 && /signature/.test(error.message));
  await assert.rejects(with_({ accessKeyId: "AKIAUNKNOWN" }), (error) => /InvalidClientTokenId|UnrecognizedClientException/.test(error.name));
  await control.fault("access_denied", { operation: "SendMessageBatch", times: 1 });
  await assert.rejects(send(SendMessageBatchCommand, entries("a")), (error) => error.message ===
    "User: arn:aws:sts::123456789012:assumed-role/twinshift/test is not authorized to perform: sqs:sendmessage on resource: " +
    `arn:aws:sqs:us-east-1:000000000000:${QueueUrl.split("/").at(-1)} because no identity-based policy allows the sqs:sendmessage action`);
  await control.fault("lost_answer", { operation: "SendMessage" });
  await assert.rejects(send(SendMessageCommand, { MessageBody: "lost" }), (error) => error.code === "ECONNRESET");
  const told = await send(GetQueueAttributesCommand, { AttributeNames: ["ApproximateNumberOfMessages"] });
  assert.equal(told.Attributes.ApproximateNumberOfMessages, "1");
});
