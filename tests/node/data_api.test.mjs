// The stand-in for the Redshift Data API, driven by AWS's own client: what that takes for an answer must be one.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import {
  BatchExecuteStatementCommand, CancelStatementCommand, DescribeStatementCommand, ExecuteStatementCommand, GetStatementResultCommand,
  ListStatementsCommand, RedshiftDataClient, ResourceNotFoundException, ValidationException,
} from "@aws-sdk/client-redshift-data";
import { control, credentials, env, until } from "./control.mjs";

const region = env("DATA_API_REGION");
const make = (more = {}) => new RedshiftDataClient({ endpoint: env("DATA_API_URL"), region, credentials, maxAttempts: 1, ...more });
const client = make();
const Database = `d${randomUUID().slice(0, 8)}`;
const where = { ClusterIdentifier: env("DATA_API_CLUSTER"), Database, DbUser: "tester" };
const WaitTimeSeconds = 30;

const execute = (Sql, more = {}, by = client) => by.send(new ExecuteStatementCommand({ Sql, WaitTimeSeconds, ...where, ...more }));
const batch = (Sqls, more = {}, by = client) => by.send(new BatchExecuteStatementCommand({ Sqls, WaitTimeSeconds, ...where, ...more }));
const describe = (Id, more = {}) => client.send(new DescribeStatementCommand({ Id, ...more }));
const cancel = (Id) => client.send(new CancelStatementCommand({ Id }));
const result = (Id, more = {}) => client.send(new GetStatementResultCommand({ Id, ...more }));
const rows = async (sql, more) => (await result((await execute(sql, more)).Id)).Records;
const count = async (table) => (await rows(`SELECT count(*) FROM ${table}`))[0][0].longValue;
const inSession = (SessionId) => ({ SessionId, ClusterIdentifier: undefined, Database: undefined, DbUser: undefined });

before(async () => {
  const made = await execute(`CREATE DATABASE ${Database}`, { Database: "postgres" });
  assert.equal(made.Status, "FINISHED");
  await execute("CREATE TABLE t (id VARCHAR(10), n BIGINT)");
});
beforeEach(() => control.order("reset"));
after(async () => {
  await control.order("reset");
  control.close();
});

test("one statement: accepted, described, its rows", async () => {
  const made = await execute("SELECT 1::BIGINT AS one, 2.5::FLOAT8, TRUE, 'x'::VARCHAR(5), NULL::INT, 1.25::DECIMAL(5,2), JSON_PARSE('{\"a\":1}')",
    { StatementName: "first", WaitTimeSeconds: undefined });
  assert.equal(made.Status, undefined);
  assert.ok(made.CreatedAt instanceof Date && Math.abs(made.CreatedAt - Date.now()) < 60_000);
  assert.deepEqual([made.Database, made.DbUser, made.ClusterIdentifier], [Database, "tester", where.ClusterIdentifier]);
  const told = await describe(made.Id, { WaitTimeSeconds });
  assert.equal(told.Status, "FINISHED");
  assert.deepEqual([told.ResultRows, told.HasResultSet, told.RedshiftPid > 0, told.Duration > 0], [1, true, true, true]);
  const found = await result(made.Id);
  assert.deepEqual(found.Records[0], [{ longValue: 1 }, { doubleValue: 2.5 }, { booleanValue: true }, { stringValue: "x" }, { isNull: true },
    { stringValue: "1.25" }, { stringValue: '{"a": 1}' }]);
  assert.deepEqual(found.ColumnMetadata.map((c) => c.typeName), ["int8", "float8", "bool", "varchar", "int4", "numeric", "super"]);
  assert.equal(found.ColumnMetadata[0].name, "one");
  assert.equal(found.TotalNumRows, 1);
});

test("pages of rows", async () => {
  await control.order("set", { page_rows: 7 });
  const made = await execute("SELECT n FROM generate_series(1, 20) AS g(n) ORDER BY n");
  const seen = [];
  let page, pages = 0;
  do {
    page = await result(made.Id, page && { NextToken: page.NextToken });
    seen.push(...page.Records.map((r) => r[0].longValue));
    pages += 1;
  } while (page.NextToken);
  assert.equal(pages, 3);
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, i) => i + 1));
  await assert.rejects(result(made.Id, { NextToken: "bm8=" }), ValidationException);
});

test("a batch is one transaction, or none where it says so", async () => {
  await execute("DELETE FROM t");
  const good = await batch(["INSERT INTO t VALUES ('a', 1), ('b', 2)", "SELECT * FROM t ORDER BY id", "DELETE FROM t WHERE id = 'a'"]);
  assert.equal(good.Status, "FINISHED");
  const told = await describe(good.Id);
  assert.equal(told.ExecutionMode, "TRANSACTION");
  assert.deepEqual(told.SubStatements.map((s) => [s.Id, s.Status, s.ResultRows, s.HasResultSet]),
    [[`${good.Id}:1`, "FINISHED", 2, false], [`${good.Id}:2`, "FINISHED", 2, true], [`${good.Id}:3`, "FINISHED", 1, false]]);
  assert.equal((await result(`${good.Id}:2`)).Records.length, 2);
  assert.equal((await describe(`${good.Id}:1`)).ResultRows, 2);
  const wrong = ["INSERT INTO t VALUES ('c', 3)", "INSERT INTO t VALUES ('longer than ten', 4)", "INSERT INTO t VALUES ('d', 5)"];
  const bad = await describe((await batch(wrong)).Id);
  assert.equal(bad.Status, "FAILED");
  assert.match(bad.Error, /^Query #2 failed with ERROR: value too long for type character varying\(10\)/);
  assert.deepEqual(bad.SubStatements.map((s) => s.Status), ["FINISHED", "FAILED", "ABORTED"]);
  assert.match(bad.SubStatements[1].Error, /^ERROR: value too long/);
  assert.equal(await count("t"), 1);
  const loose = await describe((await batch(wrong, { ExecutionMode: "AUTO_COMMIT" })).Id);
  assert.deepEqual(loose.SubStatements.map((s) => s.Status), ["FINISHED", "FAILED", "FINISHED"]);
  assert.equal(loose.Status, "FAILED");
  assert.equal(await count("t"), 3);
});

test("what is not valid", async () => {
  // Each is sent in its turn: a refusal that comes before anybody waits for it ends the test.
  for (const [call, pattern] of [
    [() => batch(Array(41).fill("SELECT 1")), /less than or equal to 40/],
    [() => execute(`SELECT '${"x".repeat(102_400)}'`), /longer than the allowed 102400 bytes/],
    [() => execute("SELECT 1", { WaitTimeSeconds: 31 }), /less than or equal to 30/],
    [() => execute("SELECT 1", { ClientToken: "x".repeat(65) }), /less than or equal to 64/],
    [() => execute("SELECT 1", { ClusterIdentifier: "elsewhere" }), /^Redshift endpoint doesn't exist in this region\.$/],
    [() => execute("SELECT 1", { WorkgroupName: "both" }), /Either ClusterIdentifier or WorkgroupName/],
    [() => execute("SELECT :a", { Parameters: [{ name: "a", value: "" }] }), /empty/],
    [() => execute("SELECT 1", { Parameters: [{ name: "a", value: "1" }] }), /unused/],
  ]) {
    await assert.rejects(call, (error) => error instanceof ValidationException && pattern.test(error.message) &&
      error.$metadata.httpStatusCode === 400 && Boolean(error.$metadata.requestId));
  }
  await assert.rejects(describe(randomUUID()), ResourceNotFoundException);
  await assert.rejects(result((await execute("DELETE FROM t WHERE id = 'x'")).Id), ResourceNotFoundException);
  const several = await describe((await execute("SELECT 1; SELECT 2")).Id);
  assert.deepEqual([several.Status, several.Error], ["FAILED", "ERROR: cannot insert multiple commands into a prepared statement"]);
  assert.match((await describe((await execute("SELECT 1", { Database: "nowhere" })).Id)).Error, /^FATAL: database "nowhere" does not exist/);
});

test("parameters are values", async () => {
  const Parameters = [{ name: "a", value: "it's \\ 'a" }, { name: "n", value: "5" }];
  assert.deepEqual(await rows("SELECT :a, ':a', 1::INT, :n + 1", { Parameters }),
    [[{ stringValue: "it's \\ 'a" }, { stringValue: ":a" }, { longValue: 1 }, { longValue: 6 }]]);
});

test("a ClientToken's work is done once", async () => {
  await execute("DELETE FROM t");
  const ClientToken = randomUUID();
  const first = await batch(["INSERT INTO t VALUES ('a', 1)"], { ClientToken });
  const again = await batch(["INSERT INTO t VALUES ('a', 1)"], { ClientToken, WaitTimeSeconds: 1 });
  assert.equal(again.Id, first.Id);
  assert.equal(await count("t"), 1);
  await assert.rejects(batch(["INSERT INTO t VALUES ('b', 1)"], { ClientToken }), ValidationException);
  await control.order("clock", { seconds: 8 * 3600 + 60 });
  const late = make({ systemClockOffset: (8 * 3600 + 60) * 1000 });
  const later = await batch(["INSERT INTO t VALUES ('a', 1)"], { ClientToken }, late);
  assert.notEqual(later.Id, first.Id);
});

test("waiting, and an endpoint that does not know it", async () => {
  await control.fault("statement_slow", { ms: 300, times: 2, database: Database });
  const begun = Date.now();
  assert.equal((await execute("SELECT 1")).Status, "FINISHED");
  assert.ok(Date.now() - begun >= 290 && Date.now() - begun < 5000);
  const made = await execute("SELECT 1", { WaitTimeSeconds: undefined });
  assert.ok((await result(made.Id, { WaitTimeSeconds })).Records.length === 1);
  await control.order("set", { wait: false });
  const old = await execute("SELECT 1");
  assert.equal(old.Status, undefined);
  await until(async () => (await describe(old.Id)).Status === "FINISHED", "the end");
});

test("states over time", async () => {
  await control.order("set", { submitted_ms: 200, picked_ms: 200 });
  await control.fault("statement_slow", { ms: 300, times: 1, database: Database });
  const made = await execute("SELECT 1", { WaitTimeSeconds: undefined });
  const seen = new Set();
  await until(async () => seen.add((await describe(made.Id)).Status) && seen.has("FINISHED"), "the end");
  assert.deepEqual([...seen], ["SUBMITTED", "PICKED", "STARTED", "FINISHED"]);
});

test("sessions keep what is theirs and do one thing at a time", async () => {
  const first = await execute("CREATE TEMP TABLE kept (a INT)", { SessionKeepAliveSeconds: 60 });
  const session = inSession(first.SessionId);
  assert.equal((await execute("INSERT INTO kept VALUES (1)", session)).Status, "FINISHED");
  assert.deepEqual(await rows("SELECT count(*) FROM kept", session), [[{ longValue: 1 }]]);
  await control.fault("statement_hangs", { database: Database });
  const hanging = await execute("SELECT 1", { ...session, WaitTimeSeconds: undefined });
  await assert.rejects(execute("SELECT 2", session), (error) => error instanceof ValidationException && /Session is not available/.test(error.message));
  await cancel(hanging.Id);
  assert.equal((await describe(hanging.Id, { WaitTimeSeconds })).Status, "ABORTED");
  assert.equal((await execute("BEGIN", session)).Status, "FINISHED");
  assert.equal((await execute("INSERT INTO kept VALUES (2)", session)).Status, "FINISHED");
  assert.equal((await execute("ROLLBACK", { ...session, SessionKeepAliveSeconds: 1 })).Status, "FINISHED");
  await until(async () => (await control.order("stats")).sessions === 0, "the session's end");
  await assert.rejects(execute("SELECT 2", session), /Session is not available/);
  await assert.rejects(execute("SELECT 2", inSession(randomUUID())), /Session with Id: .* is invalid/);
  assert.match((await describe((await execute("SELECT * FROM kept")).Id)).Error, /relation "kept" does not exist/);
});

test("cancelling", async () => {
  await execute("DELETE FROM t");
  await control.fault("statement_hangs", { statement_contains: "'second'", database: Database });
  const made = await batch(["INSERT INTO t VALUES ('first', 1)", "INSERT INTO t VALUES ('second', 2)"], { WaitTimeSeconds: 1 });
  assert.equal(made.Status, "STARTED");
  assert.equal((await cancel(made.Id)).Status, true);
  const told = await describe(made.Id, { WaitTimeSeconds });
  assert.deepEqual([told.Status, told.SubStatements.map((s) => s.Status)], ["ABORTED", ["FINISHED", "ABORTED"]]);
  assert.equal(await count("t"), 0);
  await assert.rejects(cancel(made.Id), (error) => error instanceof ValidationException && /already in ABORTED state/.test(error.message));
  const running = await execute("SELECT count(*) FROM generate_series(1, 1000000000)", { WaitTimeSeconds: undefined });
  await until(async () => (await describe(running.Id)).Status === "STARTED", "a start");
  await cancel(running.Id);
  assert.equal((await describe(running.Id, { WaitTimeSeconds })).Status, "ABORTED");
  await control.fault("cancel_ignored", { database: Database });
  await control.fault("statement_slow", { ms: 300, times: 1, database: Database });
  const stubborn = await execute("INSERT INTO t VALUES ('third', 3)", { WaitTimeSeconds: undefined });
  assert.equal((await cancel(stubborn.Id)).Status, true);
  assert.equal((await describe(stubborn.Id, { WaitTimeSeconds })).Status, "FINISHED");
  assert.equal(await count("t"), 1);
});

test("statements are listed", async () => {
  const StatementName = `list-${randomUUID()}`;
  for (const number of [1, 2, 3]) await execute(`SELECT ${number}`, { StatementName: `${StatementName}-${number}` });
  await execute("SELEKT", { StatementName: `${StatementName}-4` });
  const list = (more) => client.send(new ListStatementsCommand({ StatementName, ...more }));
  assert.equal((await list({})).Statements.length, 3);
  const first = await list({ Status: "ALL", MaxResults: 3 });
  assert.deepEqual(first.Statements.map((s) => s.StatementName.at(-1)), ["4", "3", "2"]);
  assert.deepEqual((await list({ Status: "ALL", MaxResults: 3, NextToken: first.NextToken })).Statements.map((s) => s.QueryString), ["SELECT 1"]);
});
