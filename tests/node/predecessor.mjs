// What the Node service does to AWS, by the AWS SDK's own clients, for the tests of living together with it:
//   predecessor.mjs send SQS_ENDPOINT QUEUE_URL          one event a line on standard input: SendMessage, as it does
//   predecessor.mjs take SQS_ENDPOINT QUEUE_URL          its consumer: receives all there is, prints each body's `data`, deletes
//   predecessor.mjs consume SQS_ENDPOINT QUEUE_URL DATABASE HALF_DONE ENDPOINT REGION CLUSTER ENDPOINT REGION CLUSTER
//     its consumer: each message by one statement to primary and secondary, then deleted; the last HALF_DONE are not (it was ended there), and
//     their receipts are printed, one a line
//   predecessor.mjs run ENDPOINT REGION CLUSTER DATABASE SQL    one statement without rows
//   predecessor.mjs rows ENDPOINT REGION CLUSTER DATABASE SQL   ExecuteStatement, DescribeStatement, GetStatementResult: rows as JSON
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  DescribeStatementCommand, ExecuteStatementCommand, GetStatementResultCommand, RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';

const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'test' };
const LOOKS_MAX = 600;

async function send(endpoint, url) {
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  for await (const line of createInterface({ input: process.stdin })) {
    const envelope = `{"id":"${randomUUID()}","timestamp":"${new Date().toISOString()}","data":${line}}`;
    await client.send(new SendMessageCommand({
      QueueUrl: url, MessageBody: envelope, MessageAttributes: { Source: { DataType: 'String', StringValue: 'AppsFlyer' } },
    }));
  }
}

async function take(endpoint, url) {
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  for (;;) {
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({
      QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'],
    }));
    if (Messages.length === 0) return;
    for (const message of Messages) {
      const envelope = JSON.parse(message.Body);
      console.log(JSON.stringify({ ...envelope, source: message.MessageAttributes?.Source?.StringValue }));
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
    }
  }
}

const field = (value) => (value.isNull ? null : value.stringValue ?? value.longValue ?? value.doubleValue ?? value.booleanValue);

// One statement, until it has finished; its id.
async function finish(client, cluster, database, sql) {
  const { Id } = await client.send(new ExecuteStatementCommand({ ClusterIdentifier: cluster, Database: database, DbUser: 'admin', Sql: sql }));
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const told = await client.send(new DescribeStatementCommand({ Id }));
    if (told.Status === 'FINISHED') return Id;
    if (told.Status === 'FAILED' || told.Status === 'ABORTED') throw new Error(`${told.Status}: ${told.Error}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error(`${sql.slice(0, 60)}: not finished`);
}

async function run(endpoint, region, cluster, database, sql) {
  await finish(new RedshiftDataClient({ endpoint, region, credentials }), cluster, database, sql);
}

const INSERTED = ['appsflyer_id', 'event_name', 'event_time', 'customer_user_id', 'event_revenue'];
const literal = (value) => (value === undefined || value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`);
const insertSql = (event) => `INSERT INTO appsflyer_events (${INSERTED}) VALUES (${INSERTED.map((name) => literal(event[name]))})`;

async function consume(sqsEndpoint, url, database, halfDone, ...places) {
  const queue = new SQSClient({ endpoint: sqsEndpoint, region: 'us-east-1', credentials });
  const targets = [places.slice(0, 3), places.slice(3, 6)].map(([endpoint, region, cluster]) => ({
    client: new RedshiftDataClient({ endpoint, region, credentials }), cluster,
  }));
  const taken = [];
  for (;;) { // all that waits, so that it is known which are the last
    const { Messages = [] } = await queue.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }));
    if (Messages.length === 0) break;
    taken.push(...Messages);
  }
  for (const [at, message] of taken.entries()) {
    const sql = insertSql(JSON.parse(message.Body).data);
    const [primary] = await Promise.allSettled(targets.map(({ client, cluster }) => finish(client, cluster, database, sql)));
    if (primary.status !== 'fulfilled') throw primary.reason;
    if (at < taken.length - Number(halfDone)) await queue.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
    else console.log(message.ReceiptHandle);
  }
}

async function rows(endpoint, region, cluster, database, sql) {
  const client = new RedshiftDataClient({ endpoint, region, credentials });
  const Id = await finish(client, cluster, database, sql);
  const { ColumnMetadata, Records } = await client.send(new GetStatementResultCommand({ Id }));
  const names = ColumnMetadata.map((column) => column.name);
  console.log(JSON.stringify(Records.map((record) => Object.fromEntries(record.map((value, at) => [names[at], field(value)])))));
}

const commands = { send, take, consume, run, rows };
const [command, ...words] = process.argv.slice(2);
if (!commands[command]) throw new Error(`send, take, consume, run or rows, not ${command}`);
await commands[command](...words);
