"""The Redshift Data API over PostgreSQL: operations on statements and sessions. One event loop; statements run in worker threads.

Facts: the API reference and the management guide's Data API pages; what nobody has published is marked in docs/aws-stand-ins.md."""

import asyncio
import base64
import sys
import time
import traceback
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from aws_http import AwsError
from data_api_requests import check_common, check_number, check_statements, fingerprint, invalid
from data_api_runner import Runner
from data_api_statements import ACTIVE, Statement, Store, Target

WORKERS_MAX = 40  # statements that run at a time; more wait as SUBMITTED
SESSIONS_MAX = 40
TOKEN_SECONDS = 8 * 3600
TOKENS_MAX = 20_000
LIST_MAX = 100


class Session:
    def __init__(self, where, given, keep_alive):
        self.id = str(uuid.uuid4())
        self.where = where
        self.given = given
        self.keep_alive = keep_alive
        self.connection = None
        self.busy = False
        self.closed = False
        self.created = self.used = time.time()
        self.timer = None


class DataApi:
    """`settings`: what control orders may change, by name."""

    def __init__(self, admin, clusters, faults, now):
        self.settings = {"wait": True, "active_max": 500, "sessions_max": SESSIONS_MAX, "waiting_max": 20, "page_rows": 1000,
                         "submitted_ms": 0, "picked_ms": 0}
        self.clusters = clusters  # (region, cluster or workgroup) -> {database: PostgreSQL's database}; empty: names are the same
        self._faults = faults
        self._now = now
        self._runner = Runner(admin, faults, now)
        self._store = Store()
        self._tokens = OrderedDict()
        self._sessions = {}
        self._active = {}
        self._workers = ThreadPoolExecutor(WORKERS_MAX, "statement")
        self._session_workers = ThreadPoolExecutor(SESSIONS_MAX, "session")
        self._tasks = set()

    def regions(self):
        return {region for region, _ in self.clusters}

    def scope_of(self, given, region):
        """What a fault can be meant for, before anything is checked."""
        statement = self._store.get(str(given.get("Id", "")).partition(":")[0])
        session = self._sessions.get(given.get("SessionId"))
        where = statement.where if statement else session.where if session else None
        if where:
            return {**where.scope(), "region": region}
        cluster = given.get("ClusterIdentifier") or given.get("WorkgroupName") or ""
        return {"service": "redshift-data", "region": region, "cluster": cluster, "database": given.get("Database", "")}

    async def call(self, operation, given, region):
        """The answer as a dict; raises AwsError."""
        handler = getattr(self, "_" + operation, None) if operation in OPERATIONS else None
        if handler is None:
            raise AwsError("UnknownOperationException", "", 400, "message")
        return await handler(given, region)

    # Execute and BatchExecute.

    async def _ExecuteStatement(self, given, region):
        return await self._submit(given, region, False)

    async def _BatchExecuteStatement(self, given, region):
        return await self._submit(given, region, True)

    async def _submit(self, given, region, batch):
        check_common(given, batch)
        sqls = check_statements(given, batch)
        known = self._known_token(given, region, batch)
        statement = known or self._accept(given, region, sqls, batch)
        if given.get("WaitTimeSeconds") is None or not self.settings["wait"]:
            return statement.accepted()
        await self._wait(statement, given["WaitTimeSeconds"])
        return {**statement.accepted(), **statement.progress()}

    def _known_token(self, given, region, batch):
        token = given.get("ClientToken")
        found = self._tokens.get((region, token)) if token else None
        if found is None or found[2] < self._now() - TOKEN_SECONDS:
            return None
        if found[0] != fingerprint(batch, given):
            raise invalid(f"ClientToken {token} was used before, with other parameters")
        return found[1]

    def _accept(self, given, region, sqls, batch):
        session = self._session_of(given, region)
        where = session.where if session else self._target(given, region)
        if self._faults.take("active_statements", where) or self._active.get(where.cluster, 0) >= self.settings["active_max"]:
            raise AwsError("ActiveStatementsExceededException",
                           f"Active statements exceeded the allowed quota ({self.settings['active_max']}).")
        named = session.given if session else {name: given[name] for name in
                                               ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn") if given.get(name)}
        statement = Statement(where, sqls, batch, named, self._now())
        statement.name = given.get("StatementName", "")
        statement.mode = given.get("ExecutionMode", "TRANSACTION")
        statement.session = session or self._open_session(given, where, named)
        if statement.session:
            statement.session.busy = True
        self._store.add(statement)
        if given.get("ClientToken"):
            self._tokens[region, given["ClientToken"]] = (fingerprint(batch, given), statement, self._now())
            while len(self._tokens) > TOKENS_MAX:
                self._tokens.popitem(last=False)
        self._active[where.cluster] = self._active.get(where.cluster, 0) + 1
        self._spawn(self._run(statement))
        return statement

    def _target(self, given, region):
        cluster = given.get("ClusterIdentifier") or given.get("WorkgroupName")
        databases = self.clusters.get((region, cluster))
        if databases is None:
            raise invalid("Redshift endpoint doesn't exist in this region.")
        name = given["Database"]
        return Target(region, cluster, name, databases.get(name, name))

    def _session_of(self, given, region):
        number = given.get("SessionId")
        if not number:
            return None
        session = self._sessions.get(number)
        if session is None or session.where.region != region:
            raise invalid(f"Session with Id: {number} is invalid")
        if session.closed or session.busy:
            raise invalid("Session is not available")
        if given.get("SessionKeepAliveSeconds") is not None:
            session.keep_alive = given["SessionKeepAliveSeconds"]
        return session

    def _open_session(self, given, where, named):
        if not given.get("SessionKeepAliveSeconds"):
            return None
        if sum(not s.closed for s in self._sessions.values()) >= self.settings["sessions_max"]:
            raise AwsError("ActiveSessionsExceededException", "The number of active sessions exceeds the limit.")
        session = Session(where, named, given["SessionKeepAliveSeconds"])
        self._sessions[session.id] = session
        return session

    def _spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # A statement's life.

    async def _run(self, statement):
        loop = asyncio.get_running_loop()
        if self.settings["submitted_ms"]:
            await asyncio.sleep(self.settings["submitted_ms"] / 1000)
        statement.set("PICKED", self._now())
        if self.settings["picked_ms"]:
            await asyncio.sleep(self.settings["picked_ms"] / 1000)
        try:
            workers = self._session_workers if statement.session else self._workers
            status, error = await loop.run_in_executor(workers, self._runner.run, statement)
        except Exception as bug:  # ours; the client must not wait for ever
            traceback.print_exc(file=sys.stderr)
            status, error = "FAILED", f"the stand-in itself failed: {bug!r}"
        self._end(statement, status, error)

    def _end(self, statement, status, error):
        self._active[statement.where.cluster] -= 1
        statement.duration_ns = time.monotonic_ns() - statement.begun
        if statement.session:
            statement.session.busy = False
            statement.session.used = time.time()
            self._keep_alive(statement.session)
        statement.set(status, self._now(), error)
        statement.tell_watchers()

    def _keep_alive(self, session):
        if session.timer:
            session.timer.cancel()
        session.timer = asyncio.get_running_loop().call_later(session.keep_alive, self._close_session, session)

    def _close_session(self, session):
        if session.busy or session.closed:
            return
        session.closed = True
        if session.connection:
            self._workers.submit(session.connection.close)
            session.connection = None

    async def _wait(self, statement, seconds):
        if statement.waiting >= self.settings["waiting_max"]:
            raise AwsError("ActiveWaitingRequestsExceededException", "The number of active waiting requests exceeds the limit.")
        ended = asyncio.Event()
        statement.when_ended(ended.set)
        statement.waiting += 1
        try:
            await asyncio.wait_for(ended.wait(), seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            statement.waiting -= 1

    # The others.

    def _find(self, given, region):
        """(Statement, the piece meant)."""
        number = given.get("Id")
        if not isinstance(number, str) or not number:
            raise invalid("1 validation error detected: Value at 'id' failed to satisfy constraint: Member must not be null")
        try:
            uuid.UUID(number.partition(":")[0])
        except ValueError:
            raise invalid("id must satisfy regex pattern: ^[a-z0-9]{8}(-[a-z0-9]{4}){3}-[a-z0-9]{12}(:\\d+)?$") from None
        statement = self._store.get(number.partition(":")[0])
        piece = next((p for p in statement.pieces if p.id == number), statement if statement.id == number else None) if statement else None
        if piece is None or statement.where.region != region:
            raise AwsError("ResourceNotFoundException", "Query does not exist.", more={"ResourceId": number})
        return statement, piece

    async def _wait_if_asked(self, given, region):
        statement, piece = self._find(given, region)
        seconds = check_number(given, "WaitTimeSeconds", 1, 30)
        if seconds is not None and self.settings["wait"]:
            await self._wait(statement, seconds)
        return statement, piece

    async def _DescribeStatement(self, given, region):
        statement, piece = await self._wait_if_asked(given, region)
        return piece.describe() if piece is statement else {**piece.describe(), **statement.given, "RedshiftPid": statement.pid}

    async def _GetStatementResult(self, given, region):
        statement, piece = await self._wait_if_asked(given, region)
        result = next((p.result for p in statement.pieces if p.result), None) if piece is statement else piece.result
        if statement.status != "FINISHED" or result is None:
            raise AwsError("ResourceNotFoundException", "Query does not have result. Please check query status with DescribeStatement.",
                           more={"ResourceId": piece.id})
        begin, count = self._page_of(given, piece), self.settings["page_rows"]
        answer = {"ColumnMetadata": result.metadata(), "Records": result.page(begin, count), "TotalNumRows": len(result.rows)}
        if begin + count < len(result.rows):
            answer["NextToken"] = base64.b64encode(f"{piece.id} {begin + count}".encode()).decode()
        return answer

    @staticmethod
    def _page_of(given, piece):
        if not given.get("NextToken"):
            return 0
        try:
            number, _, begin = base64.b64decode(given["NextToken"], validate=True).decode().partition(" ")
            if number == piece.id:
                return int(begin)
        except ValueError:
            pass
        raise invalid("Invalid next token.")

    async def _CancelStatement(self, given, region):
        statement, piece = self._find(given, region)
        if piece is not statement:
            raise invalid("A statement of a batch cannot be cancelled by itself")
        if statement.ended():
            raise invalid(f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}")
        if not self._faults.take("cancel_ignored", statement.where):
            await asyncio.get_running_loop().run_in_executor(None, cancel, statement)
        return {"Status": True}

    async def _ListStatements(self, given, region):
        wanted = given.get("Status", "FINISHED")
        limit = check_number(given, "MaxResults", 0, LIST_MAX) or LIST_MAX
        begin = int(base64.b64decode(given["NextToken"])) if given.get("NextToken") else 0
        found = [s for s in self._store.newest_first() if s.where.region == region and wanted in ("ALL", s.status)
                 and s.name.startswith(given.get("StatementName", "")) and given.get("Database", s.where.database) == s.where.database
                 and (given.get("ClusterIdentifier") or given.get("WorkgroupName") or s.where.cluster) == s.where.cluster]
        answer = {"Statements": [s.listed() for s in found[begin:begin + limit]]}
        if begin + limit < len(found):
            answer["NextToken"] = base64.b64encode(str(begin + limit).encode()).decode()
        return answer

    # Orders.

    def describe(self):
        counts = {}
        for statement in self._store.newest_first():
            counts[statement.status] = counts.get(statement.status, 0) + 1
        return {"statements": counts, "active": sum(counts.get(s, 0) for s in ACTIVE),
                "sessions": sum(not s.closed for s in self._sessions.values())}

    def texts(self, database, limit=2000):
        """The latest statements, the oldest first: what was asked and what became of it."""
        found = [s for s in self._store.newest_first() if database in ("", s.where.database)][:limit]
        return [{"id": s.id, "name": s.name, "status": s.status, "error": s.error, "sqls": [p.sql[:400] for p in s.pieces]}
                for s in reversed(found)]


OPERATIONS = ("ExecuteStatement", "BatchExecuteStatement", "DescribeStatement", "GetStatementResult", "CancelStatement", "ListStatements")


def cancel(statement):
    statement.cancelled.set()
    with statement.lock:
        if statement.client is not None:
            statement.client.cancel()
