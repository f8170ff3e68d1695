// What goes wrong at the stand-in for the Redshift Data API, as AWS's own client sees it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import {
  ActiveStatementsExceededException, BatchExecuteStatementCommand, DescribeStatementCommand, ExecuteStatementCommand,
  GetStatementResultCommand, InternalServerException, RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { control, credentials, env, until } from "./control.mjs";

const region = env("DATA_API_REGION");
const make = (more = {}) => new RedshiftDataClient({ endpoint: env("DATA_API_URL"), region, credentials, maxAttempts: 1, ...more });
const client = make();
const Database = `d${randomUUID().slice(0, 8)}`;
const where = { ClusterIdentifier: env("DATA_API_CLUSTER"), Database, DbUser: "tester" };
const execute = (Sql, more = {}, by = client) => by.send(new ExecuteStatementCommand({ Sql, WaitTimeSeconds: 30, ...where, ...more }));
const batch = (Sqls, more = {}, by = client) => by.send(new BatchExecuteStatementCommand({ Sqls, WaitTimeSeconds: 30, ...where, ...more }));
const describe = (Id) => client.send(new DescribeStatementCommand({ Id }));
const named = (name, pattern, status) => (error) =>
  error.name === name && pattern.test(error.message) && error.$metadata.httpStatusCode === status;

before(async () => {
  await execute(`CREATE DATABASE ${Database}`, { Database: "postgres" });
  await execute("CREATE TABLE t (id VARCHAR(10))");
});
beforeEach(() => control.order("reset"));
after(async () => {
  await control.order("reset");
  control.close();
});

test("who may not", async () => {
  const by = (more, given = {}) => execute("SELECT 1", given, make({ credentials: { ...credentials, ...more } }));
  await assert.rejects(by({ secretAccessKey: "wrong" }), named("InvalidSignatureException", /does not match the signature you provided/, 403));
  await assert.rejects(by({ accessKeyId: "AKIAUNKNOWN" }), named("UnrecognizedClientException", /security token included in the request is invalid/, 403));
  await assert.rejects(by({ sessionToken: "stray" }), named("UnrecognizedClientException", /invalid/, 403));
  await assert.rejects(execute("SELECT 1", {}, make({ region: "eu-west-3" })), named("InvalidSignatureException", /valid region, not 'eu-west-3'/, 403));
  const key = `ASIA${randomUUID().slice(0, 8)}`;
  const temporary = { accessKeyId: key, secretAccessKey: "s", sessionToken: "the token" };
  await control.order("key", { key, secret: "s", token: "the token", seconds: 60 });
  assert.equal((await by(temporary)).Status, "FINISHED");
  await control.order("expire", { key });
  await assert.rejects(by(temporary), named("ExpiredTokenException", /expired/, 403));
  await control.fault("access_denied", { operation: "BatchExecuteStatement", times: 1 });
  await assert.rejects(batch(["SELECT 1"]), named("AccessDeniedException", new RegExp(
    "^User: arn:aws:sts::123456789012:assumed-role/twinshift/test is not authorized to perform: redshift-data:BatchExecuteStatement on " +
    "resource: arn:aws:redshift:us-east-1:123456789012:cluster:test-cluster because no identity-based policy allows the " +
    "redshift-data:BatchExecuteStatement action$"), 400));
  assert.equal((await batch(["SELECT 1"])).Status, "FINISHED");
});

test("a clock that is off", async () => {
  await control.order("clock", { seconds: 600 });
  await assert.rejects(execute("SELECT 1", {}, make()), named("InvalidSignatureException", /^Signature expired: \d{8}T\d{6}Z is now earlier than /, 403));
  assert.equal((await execute("SELECT 1", {}, make({ maxAttempts: 2 }))).Status, "FINISHED"); // the Date header tells the client
  await control.order("clock", { seconds: -600 });
  await assert.rejects(execute("SELECT 1", {}, make()), named("InvalidSignatureException", /^Signature not yet current/, 403));
});

test("throttling, quotas and faults of the service are tried again by AWS's client", async () => {
  await control.fault("throttle", { times: 2 });
  await assert.rejects(execute("SELECT 1"), named("ThrottlingException", /Rate exceeded/, 400));
  assert.equal((await execute("SELECT 1", {}, make({ maxAttempts: 2 }))).Status, "FINISHED");
  await control.fault("error_5xx", { times: 2, status: 500 });
  await assert.rejects(execute("SELECT 1"), (error) => error instanceof InternalServerException && error.$metadata.httpStatusCode === 500);
  assert.equal((await execute("SELECT 1", {}, make({ maxAttempts: 2 }))).Status, "FINISHED");
  await control.order("set", { quotas: { ExecuteStatement: 2 } });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => execute("SELECT 1")));
  assert.ok(outcomes.filter((o) => o.reason?.name === "ThrottlingException").length >= 4);
});

test("too many active statements", async () => {
  await control.fault("active_statements");
  await assert.rejects(execute("SELECT 1"), (error) => error instanceof ActiveStatementsExceededException &&
    error.message === "Active statements exceeded the allowed quota (500)." && error.$metadata.httpStatusCode === 400);
  await control.order("set", { active_max: 1 });
  await control.fault("statement_slow", { ms: 500, times: 1, database: Database });
  const running = await execute("SELECT 1", { WaitTimeSeconds: undefined });
  await assert.rejects(execute("SELECT 1"), ActiveStatementsExceededException);
  await client.send(new GetStatementResultCommand({ Id: running.Id, WaitTimeSeconds: 30 }));
  assert.equal((await execute("SELECT 1")).Status, "FINISHED");
});

test("an answer that is lost after the work was done", async () => {
  const ClientToken = randomUUID();
  await control.fault("lost_answer", { operation: "BatchExecuteStatement" });
  const insert = ["INSERT INTO t VALUES ('once')"];
  await assert.rejects(batch(insert, { ClientToken }), (error) => error.code === "ECONNRESET");
  const found = await batch(insert, { ClientToken });
  assert.equal(found.Status, "FINISHED");
  const rows = await client.send(new GetStatementResultCommand({ Id: (await execute("SELECT * FROM t")).Id }));
  assert.deepEqual(rows.Records, [[{ stringValue: "once" }]]);
});

test("a statement that hangs before COMMIT until it is let go", async () => {
  await control.fault("statement_hangs", { statement_contains: "commit", database: Database });
  const made = await batch(["DELETE FROM t", "INSERT INTO t VALUES ('late')"], { WaitTimeSeconds: 1 });
  assert.deepEqual((await describe(made.Id)).SubStatements.map((s) => s.Status), ["FINISHED", "FINISHED"]);
  assert.equal((await describe(made.Id)).Status, "STARTED");
  await control.fault("off");
  const told = await client.send(new DescribeStatementCommand({ Id: made.Id, WaitTimeSeconds: 30 }));
  assert.equal(told.Status, "FINISHED");
});

test("connections that were ended are made anew", async () => {
  await execute("SELECT 1");
  await control.order("cut");
  assert.equal((await execute("SELECT 1", {}, make({ maxAttempts: 2 }))).Status, "FINISHED");
});

test("answers that are none", async () => {
  await control.fault("html");
  await assert.rejects(execute("SELECT 1"), (error) => error.$metadata?.httpStatusCode === 503);
  await control.fault("half_answer");
  await assert.rejects(execute("SELECT 1"));
  await control.fault("refuse");
  await assert.rejects(execute("SELECT 1"), (error) => error.code === "ECONNRESET" || error.code === "EPIPE");
  await control.fault("off");
  await control.fault("black_hole");
  const silent = execute("SELECT 1", {}, make());
  assert.equal(await Promise.race([silent.catch(() => "ended"), new Promise((done) => setTimeout(done, 300, "silent"))]), "silent");
  await control.fault("off");
  await assert.rejects(silent);
  await control.fault("lost_answer", { hold: true });
  const held = execute("SELECT 1");
  await until(async () => (await control.order("stats")).faults[0].fired, "the strike");
  await control.fault("off");
  await assert.rejects(held);
  assert.equal((await execute("SELECT 1")).Status, "FINISHED");
});

test("a statement fails with the text that was asked for", async () => {
  await control.fault("statement_fails", { statement_contains: "into t", message: "Disk Full", database: Database });
  const failed = await describe((await execute("INSERT INTO t VALUES ('x')")).Id);
  assert.deepEqual([failed.Status, failed.Error], ["FAILED", "ERROR: Disk Full"]);
  await control.fault("conflict", { database: Database });
  const conflict = await describe((await batch(["INSERT INTO t VALUES ('x')"])).Id);
  assert.match(conflict.Error, /^ERROR: 1023\n {2}Detail: Serializable isolation violation on table - /);
});

test("every signature was also that of AWS's signer", async () => {
  const before = (await control.order("stats")).verified;
  await execute("SELECT 1");
  assert.equal((await control.order("stats")).verified, before + 1);
});
