"""Runs the Data API's statements in PostgreSQL: one connection each, in worker threads. Runner.run() is called in such a thread."""

import re
import threading
import time

from data_api_results import Result
from pg_wire import WireError
from redshift_database import open_session, prepare_database, read_catalog
from redshift_errors import CONFLICT_DETAIL, CONFLICT_MESSAGE, translate_error
from redshift_sql import refusing_text, translate
from redshift_words import Refusal

IDLE_CONNECTIONS_MAX = 8
SECONDS_OF_A_STATEMENT_MAX = 3600
HANG_LOOK_SECONDS = 0.02
CONFLICT = Refusal("XX000", CONFLICT_MESSAGE, CONFLICT_DETAIL)
SEVERAL = Refusal("42601", "cannot insert multiple commands into a prepared statement")
EMPTY = Refusal("42601", "syntax error at end of input")
# The JDBC driver's own words: the service stands on it.
CANNOT_CONNECT = "Connection refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections."
CONNECTION_LOST = "An I/O error occurred while sending to the backend."
_COUNTED = re.compile(r"^(?:INSERT \d+|UPDATE|DELETE|MERGE|SELECT|FETCH) (\d+)$")


class Connection:
    """A database session. `status`: of its transaction, "I" outside of one, "T" in one, "E" in one that has failed."""

    def __init__(self, client):
        self.client = client
        self.status = "I"
        self.case_sensitive = False
        self.lost = False

    def attempt(self, sql):
        """The reply, with its error if it has one."""
        try:
            reply = self.client.attempt(sql)
        except WireError:
            self.lost = True
            raise
        self.status = reply.status
        return reply

    def close(self):
        self.client.close()


class Pool:
    """Idle connections of all databases; what has been used is given back as new."""

    def __init__(self, admin):
        self._admin = admin
        self._catalog = read_catalog()
        self._idle = []  # (database, Connection), the oldest first
        self._lock = threading.Lock()

    def take(self, database):
        while True:
            with self._lock:
                at = next((i for i in range(len(self._idle) - 1, -1, -1) if self._idle[i][0] == database), None)
                found = self._idle.pop(at)[1] if at is not None else None
            if found is None:
                return self._open(database)
            if found.client.usable():
                return found
            found.client.drop()

    def _open(self, database):
        client = open_session(self._admin, database, SECONDS_OF_A_STATEMENT_MAX)
        if client.rows("SELECT to_regnamespace('redshift')")[0][0] is None:
            client.close()
            prepare_database(self._admin, database, self._catalog)
            client = open_session(self._admin, database, SECONDS_OF_A_STATEMENT_MAX)
        return Connection(client)

    def give(self, database, connection):
        if connection.lost:
            connection.client.drop()
            return
        try:
            if connection.status != "I":
                connection.attempt("ROLLBACK")
            connection.attempt("DISCARD ALL")
        except WireError:
            connection.client.drop()
            return
        connection.case_sensitive = False
        with self._lock:
            self._idle.append((database, connection))
            surplus = [self._idle.pop(0)[1] for _ in range(len(self._idle) - IDLE_CONNECTIONS_MAX)]
        for old in surplus:
            old.close()


class Stop(Exception):
    """The statement ends here: with this text and state."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status
        self.text = text


class Runner:
    """`faults`: the Board; `now()`: the stand-in's clock."""

    def __init__(self, admin, faults, now):
        self.pool = Pool(admin)
        self._faults = faults
        self._now = now

    def run(self, statement):
        """To its end, whatever it is: gives (status, error or None), which the caller makes known."""
        connection = None
        try:
            connection = self._connect(statement)
            statement.pid = connection.client.key[0]
            with statement.lock:
                statement.client = connection.client
            statement.set("STARTED", self._now())
            if statement.batch and statement.mode == "TRANSACTION":
                self._run_transaction(statement, connection)
            elif statement.batch:
                self._run_each(statement, connection)
            else:
                self._run_piece(statement, statement, connection)
            return "FINISHED", None
        except Stop as stop:
            return stop.status, stop.text
        finally:
            with statement.lock:
                statement.client = None
            if connection is not None:
                self._give_back(statement, connection)

    def _connect(self, statement):
        if statement.session and statement.session.connection:
            return statement.session.connection
        try:
            return self.pool.take(statement.where.behind)
        except OSError as failure:
            raise Stop("FAILED", CANNOT_CONNECT) from failure
        except WireError as failure:
            raise Stop("FAILED", error_text(failure.fields) if failure.sqlstate else CONNECTION_LOST) from failure

    def _give_back(self, statement, connection):
        if statement.cancelled.is_set() and not connection.lost:
            try:
                connection.client.attempt("SELECT 1")  # a cancel that came too late hits this
            except WireError:
                connection.lost = True
        if statement.session is None:
            self.pool.give(statement.where.behind, connection)
        elif connection.lost:
            connection.client.drop()
            statement.session.connection = None
            statement.session.closed = True
        else:
            statement.session.connection = connection

    def _run_transaction(self, statement, connection):
        """All or nothing; BEGIN goes with the first statement, and again behind one that ends the transaction by itself."""
        try:
            for number, piece in enumerate(statement.pieces, 1):
                if connection.status == "I":
                    self._attempt(connection, "BEGIN")
                try:
                    self._run_piece(statement, piece, connection)
                except Stop as stop:
                    raise Stop(stop.status, f"Query #{number} failed with {stop.text}" if stop.status == "FAILED" else stop.text) from stop
            if connection.status != "I":
                self._commit(statement, connection)
        except Stop:
            self._roll_back(connection)
            self._abort_the_rest(statement)
            raise

    def _run_each(self, statement, connection):
        """AUTO_COMMIT: what fails leaves the others alone."""
        first_failure = None
        for number, piece in enumerate(statement.pieces, 1):
            try:
                self._run_piece(statement, piece, connection)
            except Stop as stop:
                if stop.status == "ABORTED" or connection.lost:
                    self._abort_the_rest(statement)
                    raise
                first_failure = first_failure or Stop("FAILED", f"Query #{number} failed with {stop.text}")
        if first_failure:
            raise first_failure

    def _abort_the_rest(self, statement):
        for piece in statement.pieces:
            if piece.status == "SUBMITTED":
                piece.set("ABORTED", self._now())

    def _roll_back(self, connection):
        if not connection.lost and connection.status != "I":
            try:
                connection.attempt("ROLLBACK")
            except WireError:
                pass

    def _run_piece(self, statement, piece, connection):
        begun = time.monotonic_ns()
        piece.set("STARTED", self._now())
        piece.query_id = begun // 1000 % 1_000_000_000
        try:
            self._faults_before(statement, piece.sql)
            reply = self._attempt(connection, self._text_of(statement, piece, connection))
        except Stop as stop:
            piece.duration_ns = time.monotonic_ns() - begun
            if piece is not statement:
                piece.set(stop.status, self._now(), stop.text)
            raise
        if reply.described is not None:
            piece.result = Result(reply.described, reply.rows)
        counted = _COUNTED.match(reply.tags[0]) if reply.tags else None
        piece.rows = int(counted.group(1)) if counted else -1
        piece.duration_ns = time.monotonic_ns() - begun
        if piece is not statement:
            piece.set("FINISHED", self._now())

    def _faults_before(self, statement, text):
        slow = self._faults.take("statement_slow", statement.where, text=text)
        if slow:
            statement.cancelled.wait(slow.seconds)
        hanging = self._faults.take("statement_hangs", statement.where, text=text)
        while hanging and self._faults.holds(hanging) and not statement.cancelled.wait(HANG_LOOK_SECONDS):
            pass
        if statement.cancelled.is_set():
            raise cancelled()

    def _text_of(self, statement, piece, connection):
        found = translate(piece.sql, connection.case_sensitive)
        refusal = (SEVERAL if len(found) > 1 else EMPTY) if len(found) != 1 else found[0].refusal
        told = self._faults.take("statement_fails", statement.where, text=piece.sql)
        if told:
            refusal = Refusal(told.sqlstate, told.message)
        elif not refusal and found[0].outside_transaction and connection.status != "I":
            refusal = Refusal("25001", f"{found[0].original[:60]} cannot run inside a transaction block")
        if refusal:
            return refusing_text(refusal)
        one = found[0]
        if one.kind == "commit" and self._faults.take("conflict", statement.where):
            self._attempt(connection, "ROLLBACK")
            return refusing_text(CONFLICT)
        if one.setting and one.setting[0] == "enable_case_sensitive_identifier":
            connection.case_sensitive = one.setting[1] in ("on", "true", "1")
        text = one.text.encode("latin-1")
        return text + b";COMMIT" if one.kind == "truncate" and connection.status != "I" else text

    def _commit(self, statement, connection):
        self._faults_before(statement, "COMMIT")
        if self._faults.take("conflict", statement.where):
            self._attempt(connection, refusing_text(CONFLICT))
        self._attempt(connection, "COMMIT")

    @staticmethod
    def _attempt(connection, text):
        """The reply of what went well; Stop where it did not."""
        try:
            reply = connection.attempt(text)
        except WireError as failure:
            raise Stop("FAILED", CONNECTION_LOST) from failure
        if reply.error is None:
            return reply
        if reply.error.get("C") == "57014":
            raise cancelled()
        raise Stop("FAILED", error_text(translate_error(reply.error)))


def cancelled():
    return Stop("ABORTED", "ERROR: Query cancelled on user's request")


def error_text(fields):
    """As the JDBC driver prints a server's error."""
    text = f"{fields.get('S', 'ERROR')}: {fields.get('M', '')}"
    if fields.get("D"):
        text += f"\n  Detail: {fields['D']}"
    return text + (f"\n  Hint: {fields['H']}" if fields.get("H") else "")
