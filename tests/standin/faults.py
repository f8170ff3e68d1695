"""What the stand-in has been told to do wrong, and what it has counted. Only the proxy's own thread touches these."""

from collections import deque

KINDS = ("cut", "cut_before_commit", "cut_after_commit", "error", "conflict", "slow", "black_hole", "refuse")
STATEMENTS_KEPT_MAX = 2000
STATEMENT_CHARACTERS_MAX = 400
DATABASES_COUNTED_MAX = 1000


class Fault:
    """`database` empty: of every database. `left`: how often it still strikes; None: until it is switched off."""

    def __init__(self, number, request):
        self.number = number
        self.kind = request["kind"]
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; known: {', '.join(KINDS)}, off")
        self.database = request.get("database", "")
        self.at = int(request.get("at", 0))
        if self.kind == "cut" and self.at < 1:
            raise ValueError("`cut` wants \"at\": N, with N from 1 on")
        self.seconds = float(request.get("ms", 0)) / 1000
        self.hold = bool(request.get("hold", False))
        self.sqlstate = request.get("sqlstate", "XX000")
        self.message = request.get("message", "the stand-in was told to fail")
        self.contains = request.get("statement_contains", "").lower().encode().decode("latin-1")
        once = self.kind in ("cut", "cut_before_commit", "cut_after_commit", "error", "conflict")
        self.left = int(request.get("times", 1)) if once else None
        self.seen = 0
        self.fired = 0

    def strike(self):
        self.fired += 1
        if self.left is not None:
            self.left -= 1

    def active(self):
        return self.left is None or self.left > 0

    def describe(self):
        return {"id": self.number, "kind": self.kind, "database": self.database, "fired": self.fired, "boundaries": self.seen,
                "armed": self.active()}


class Board:
    """All faults, newest last. Those that have struck out stay listed until switched off."""

    def __init__(self):
        self._faults = []
        self._number = 0
        self.any = False

    def arm(self, request):
        fault = Fault(self._number + 1, request)
        self._number += 1
        self._faults = [f for f in self._faults if f.active() or f.fired] + [fault]
        self.any = True
        return fault

    def off(self, database="", kind=""):
        self._faults = [f for f in self._faults if database and f.database != database or kind and f.kind != kind]
        self.any = bool(self._faults)

    def find(self, kind, database):
        for fault in self._faults:
            if fault.kind == kind and fault.active() and fault.database in ("", database):
                return fault
        return None

    def error_for(self, text, database):
        low = text.lower()
        for fault in self._faults:
            if fault.kind == "error" and fault.active() and fault.database in ("", database) and fault.contains in low:
                return fault
        return None

    def boundary(self, database):
        """A message has passed. Gives the `cut` whose boundary this is."""
        found = None
        for fault in self._faults:
            if fault.kind == "cut" and fault.active() and fault.database in ("", database):
                fault.seen += 1
                if fault.seen == fault.at:
                    fault.strike()
                    found = fault
        return found

    def describe(self):
        return [fault.describe() for fault in self._faults]


class Counters:
    __slots__ = ("connections", "client_messages", "server_messages", "statements", "client_bytes", "server_bytes")

    def __init__(self):
        for name in self.__slots__:
            setattr(self, name, 0)

    def describe(self):
        found = {name: getattr(self, name) for name in self.__slots__}
        return {**found, "boundaries": self.client_messages + self.server_messages}


class Stats:
    """Counters of each database and of all; the last statements' beginnings."""

    def __init__(self):
        self.databases = {}
        self.statements = deque(maxlen=STATEMENTS_KEPT_MAX)

    def of(self, database):
        if database not in self.databases and len(self.databases) >= DATABASES_COUNTED_MAX:
            database = "(others)"
        return self.databases.setdefault(database, Counters())

    def reset(self):
        for counters in self.databases.values():  # sessions hold on to theirs
            counters.__init__()
        self.statements.clear()

    def note(self, database, text):
        self.of(database).statements += 1
        self.statements.append((database, text[:STATEMENT_CHARACTERS_MAX]))

    def describe(self, database=""):
        if database:
            return self.of(database).describe()
        total = Counters()
        for counters in self.databases.values():
            for name in Counters.__slots__:
                setattr(total, name, getattr(total, name) + getattr(counters, name))
        return total.describe()

    def describe_statements(self, database=""):
        return [text.encode("latin-1", "replace").decode("utf-8", "replace") for name, text in self.statements if database in ("", name)]
