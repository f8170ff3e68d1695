"""What the stand-ins of AWS have been told to do wrong, and what they have counted: Board, Stats. Any thread.

A fault strikes at an HTTP request (HTTP_KINDS) or at a statement while it runs (STATEMENT_KINDS)."""

import threading
from collections import Counter

HTTP_KINDS = ("throttle", "error", "error_5xx", "expired_token", "access_denied", "slow", "lost_answer", "html", "half_answer",
              "black_hole", "refuse", "active_statements", "entry_fails")
STATEMENT_KINDS = ("statement_fails", "statement_hangs", "statement_slow", "conflict", "cancel_ignored")
UNTIL_OFF = ("slow", "black_hole", "refuse", "statement_slow", "access_denied")  # others strike once where `times` does not say more
SCOPES = ("service", "operation", "region", "cluster", "database", "queue")


class Fault:
    """`left`: how often it still strikes; None: until it is switched off."""

    def __init__(self, number, order):
        self.number = number
        self.kind = order["kind"]
        if self.kind not in HTTP_KINDS + STATEMENT_KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; known: {', '.join(HTTP_KINDS + STATEMENT_KINDS)}, off")
        self.scope = {name: order[name] for name in SCOPES if order.get(name)}
        times = order.get("times", None if self.kind in UNTIL_OFF else 1)
        self.left = None if times is None else int(times)
        self.skip = int(order.get("skip", 0))  # so many that it would hit are let through first
        self.seconds = float(order.get("ms", 0)) / 1000
        self.status = int(order.get("status", 503 if self.kind in ("error_5xx", "html") else 400))
        self.code = order.get("code", "InternalServerException")
        self.message = order.get("message", "the stand-in was told to fail")
        self.sender_fault = bool(order.get("sender_fault", False))
        self.sqlstate = order.get("sqlstate", "XX000")
        self.contains = order.get("statement_contains", "").lower()
        self.entries = int(order.get("entries", 1))  # so many of a batch's first ones fail
        self.early = bool(order.get("early", False))
        self.hold = bool(order.get("hold", False))
        self.fired = 0

    def fits(self, scope, text):
        return (self.left is None or self.left > 0) and self.contains in text.lower() and \
            all(scope.get(name) == wanted for name, wanted in self.scope.items())

    def describe(self):
        return {"id": self.number, "kind": self.kind, "fired": self.fired, "armed": self.left is None or self.left > 0, **self.scope}


class Board:
    """All faults, newest last. Those that have struck out stay listed until switched off."""

    def __init__(self):
        self._faults = []
        self._number = 0
        self._lock = threading.Lock()

    def arm(self, order):
        with self._lock:
            self._number += 1
            self._faults.append(Fault(self._number, order))
            return self._faults[-1]

    def off(self, order):
        """`only`: of a kind; a scope's member: those that have it so."""
        scope = {name: order[name] for name in SCOPES if order.get(name)}
        with self._lock:
            self._faults = [f for f in self._faults if order.get("only") and f.kind != order["only"] or
                            any(f.scope.get(name) != wanted for name, wanted in scope.items())]

    def holds(self, fault):
        """Whether it is still there: nobody has switched it off."""
        return fault in self._faults

    def take(self, kind, scope, text=""):
        """The first fault of the kind that is meant, now one strike older; None. `scope`: a dict, or a Target."""
        if not self._faults:
            return None
        with self._lock:
            return self._take(kind, scope if isinstance(scope, dict) else scope.scope(), text)

    def armed(self, kind, scope):
        """Like take(), but strikes nothing."""
        with self._lock:
            return any(f.kind == kind and f.fits(scope, "") for f in self._faults)

    def _take(self, kind, scope, text):
        for fault in self._faults:
            if fault.kind != kind or not fault.fits(scope, text):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.fired += 1
            if fault.left is not None:
                fault.left -= 1
            return fault
        return None

    def describe(self):
        return [fault.describe() for fault in self._faults]


class Stats:
    """Calls by service and operation, answers by error code. The event loop alone writes."""

    def __init__(self):
        self.calls = Counter()
        self.errors = Counter()
        self.by_database = {}

    def note(self, service, operation, database):
        self.calls[f"{service}.{operation}"] += 1
        if database:
            self.by_database.setdefault(database, Counter())[operation] += 1

    def reset(self):
        self.__init__()

    def describe(self, database=""):
        calls = self.by_database.get(database, {}) if database else self.calls
        return {"calls": dict(calls), "errors": dict(self.errors)}
