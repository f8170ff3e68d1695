"""What the Data API's stand-in knows of statements and sessions: their states, and what a client is told of them.

Written by the worker thread that runs a statement and by the event loop; each member is set by one of them at a time."""

import threading
import time
import uuid
from collections import OrderedDict, deque

STATEMENTS_KEPT_MAX = 20_000
TEXT_BYTES_KEPT_MAX = 256 << 20  # of all statements' SQL; the oldest ended ones are then cut to their beginnings
TEXT_CHARACTERS_LEFT = 1000
ENDED = ("FINISHED", "FAILED", "ABORTED")
ACTIVE = ("SUBMITTED", "PICKED", "STARTED")


class Piece:
    """One SQL text and what became of it: the whole of an ExecuteStatement, or one member of a batch."""

    def __init__(self, number, sql, now):
        self.id = number
        self.sql = sql
        self.status = "SUBMITTED"
        self.created = self.updated = now
        self.error = None
        self.duration_ns = -1
        self.rows = -1
        self.result = None  # a Result, of what gives rows
        self.query_id = 0

    def set(self, status, now, error=None):
        self.status = status
        self.updated = now
        if error is not None:
            self.error = error

    def size(self):
        if self.result is not None:
            return self.result.size
        return 0 if self.status == "FINISHED" else -1

    def describe(self):
        told = {"Id": self.id, "Status": self.status, "CreatedAt": round(self.created, 3), "UpdatedAt": round(self.updated, 3),
                "Duration": self.duration_ns, "QueryString": self.sql, "HasResultSet": self.result is not None,
                "ResultRows": self.rows, "ResultSize": self.size(), "RedshiftQueryId": self.query_id}
        if self.error is not None:
            told["Error"] = self.error
        return told


class Statement(Piece):
    """`given`: what the request said that Describe gives back. `pieces`: itself, or a batch's members."""

    def __init__(self, where, sqls, batch, given, now):
        number = str(uuid.uuid4())
        super().__init__(number, "" if batch else sqls[0], now)
        self.where = where  # a Target
        self.batch = batch
        self.pieces = [Piece(f"{number}:{i}", sql, now) for i, sql in enumerate(sqls, 1)] if batch else [self]
        self.given = given
        self.name = ""
        self.mode = "TRANSACTION"
        self.session = None
        self.pid = 0
        self.waiting = 0  # requests with WaitTimeSeconds that wait for its end
        self.begun = time.monotonic_ns()
        self.lock = threading.Lock()  # guards `client`: a cancel must not hit the connection's next user
        self.client = None
        self.cancelled = threading.Event()
        self.text_bytes = sum(len(sql) for sql in sqls)
        self._watchers = []

    def ended(self):
        return self.status in ENDED

    def when_ended(self, call):
        """`call()` in the event loop, at once where it has ended."""
        if self.ended():
            call()
        else:
            self._watchers.append(call)

    def tell_watchers(self):
        watchers, self._watchers = self._watchers, []
        for call in watchers:
            call()

    def accepted(self):
        """The answer to Execute and BatchExecute."""
        session = {"SessionId": self.session.id} if self.session else {}
        return {"Id": self.id, "CreatedAt": round(self.created, 3), **self.given, **session}

    def progress(self):
        """What such an answer says more where the request was willing to wait."""
        pid = {"RedshiftPid": self.pid} if self.pid else {}
        return {"Status": self.status, "HasResultSet": self.has_result(), **pid}

    def has_result(self):
        return any(piece.result is not None for piece in self.pieces)

    def describe(self):
        told = {**super().describe(), **self.given, "RedshiftPid": self.pid, "HasResultSet": self.has_result(), "ResultFormat": "JSON"}
        if self.session:
            told["SessionId"] = self.session.id
        if self.batch:
            del told["QueryString"]
            told["SubStatements"] = [piece.describe() for piece in self.pieces]
            told["ExecutionMode"] = self.mode
        return told

    def listed(self):
        texts = [piece.sql for piece in self.pieces]
        return {"Id": self.id, "Status": self.status, "CreatedAt": round(self.created, 3), "UpdatedAt": round(self.updated, 3),
                "StatementName": self.name, "IsBatchStatement": self.batch, "ResultFormat": "JSON",
                **({"QueryStrings": texts} if self.batch else {"QueryString": texts[0]}),
                **({"SessionId": self.session.id} if self.session else {})}

    def forget_texts(self):
        for piece in self.pieces:
            piece.sql = piece.sql[:TEXT_CHARACTERS_LEFT]


class Target:
    """Whose database: the region, cluster or workgroup, the name a client gives, and the PostgreSQL database behind it."""

    __slots__ = ("region", "cluster", "database", "behind")

    def __init__(self, region, cluster, database, behind):
        self.region = region
        self.cluster = cluster
        self.database = database
        self.behind = behind

    def scope(self):
        return {"service": "redshift-data", "region": self.region, "cluster": self.cluster, "database": self.database}


class Store:
    """All statements, newest last, as many as are kept."""

    def __init__(self):
        self._statements = OrderedDict()
        self._long = deque()
        self._text_bytes = 0

    def add(self, statement):
        self._statements[statement.id] = statement
        self._long.append(statement)
        self._text_bytes += statement.text_bytes
        while len(self._statements) > STATEMENTS_KEPT_MAX:
            self._statements.popitem(last=False)
        while self._text_bytes > TEXT_BYTES_KEPT_MAX and self._long[0].ended():
            oldest = self._long.popleft()
            self._text_bytes -= oldest.text_bytes
            oldest.forget_texts()

    def get(self, number):
        return self._statements.get(number)

    def newest_first(self):
        return reversed(self._statements.values())
