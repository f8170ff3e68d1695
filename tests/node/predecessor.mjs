// What the Node service does to AWS, by the AWS SDK's own clients, for the tests of living together with it:
//   predecessor.mjs send SQS_ENDPOINT QUEUE_URL          one event a line on standard input: SendMessage, as it does
//   predecessor.mjs take SQS_ENDPOINT QUEUE_URL          its consumer: receives all there is, prints each body's `data`, deletes
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

async function rows(endpoint, region, cluster, database, sql) {
  const client = new RedshiftDataClient({ endpoint, region, credentials });
  const { Id } = await client.send(new ExecuteStatementCommand({ ClusterIdentifier: cluster, Database: database, DbUser: 'admin', Sql: sql }));
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const told = await client.send(new DescribeStatementCommand({ Id }));
    if (told.Status === 'FINISHED') break;
    if (told.Status === 'FAILED' || told.Status === 'ABORTED') throw new Error(`${told.Status}: ${told.Error}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  const { ColumnMetadata, Records } = await client.send(new GetStatementResultCommand({ Id }));
  const names = ColumnMetadata.map((column) => column.name);
  console.log(JSON.stringify(Records.map((record) => Object.fromEntries(record.map((value, at) => [names[at], field(value)])))));
}

const commands = { send, take, rows };
const [command, ...words] = process.argv.slice(2);
if (!commands[command]) throw new Error(`send, take or rows, not ${command}`);
await commands[command](...words);
