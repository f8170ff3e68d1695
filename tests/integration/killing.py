"""The real program, killed at a named step (docs/failpoints.md) and started again: whatever was answered 200 stands once on each side."""

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

from harness import BINARY, GUIDE_EVENT, PATIENCE_SECONDS, Service, ServiceTest, wait_until

FAILING = os.path.join(os.path.dirname(BINARY), "tests", "failpoints", "twinshift_failpoints")  # of the same build
TARGETS = ("primary", "secondary")
BURST_EVENTS = 24
BURST_THREADS = 4
BEGINNING = "1970-01-01 00:00:00"
NUDGE_SECONDS = 0.3  # between events that are sent until the step is reached


def all_points():
    """name -> what may be asked of it."""
    listed = subprocess.run([os.path.abspath(FAILING), "--failpoints"], capture_output=True, text=True, timeout=60, check=True).stdout
    return {line.split("\t")[0]: line.split("\t")[1] for line in listed.splitlines()}


class Killing:
    """To be mixed into a ServiceTest. It gives landed(target): how often each appsflyer_id stands there; inserted(target, since): what the
    load markers written since then say was inserted; settings()."""

    counts_arrivals = True  # in the queue's own transactions, so that the books close after any kill

    def setUp(self):
        super().setUp()
        self.plan = os.path.join(self.folder, "plan")
        self.sent, self.answered = set(), set()
        self.lock = threading.Lock()
        self.case = ""
        self.verdict = ""  # of the latest books
        self.service = None
        self.refusing = set()  # what a target refuses for good, by name

    # Steps.

    def order(self, *orders):
        """What is to happen from now on, instead of what was ordered before."""
        with open(self.plan + ".new", "w", encoding="utf-8") as file:
            file.write("\n".join(orders))
        os.replace(self.plan + ".new", self.plan)

    def acted(self):
        """What has happened so far, as "NAME ACTION"."""
        try:
            with open(self.plan + ".acted", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_acted(self, line):
        wait_until(lambda: line in self.acted(), line)

    # The service and its events.

    def launch_failing(self, **more):
        service = Service(self.folder, {**self.settings(), "TWINSHIFT_FAILPOINTS": "file:" + self.plan, **more}, binary=FAILING)
        self.services.append(service)
        return service

    def begin(self, **more):
        self.service = self.launch_failing(**more).wait_started()

    def alive(self):
        return self.service.process.poll() is None

    def listens(self):
        """Also of one that nobody has waited for."""
        if not self.service.port:
            self.service.port = next((line["port"] for line in list(self.service.lines) if line.get("msg") == "Server listening"), 0)
        return self.service.port

    def post(self, name, **fields):
        try:
            status = self.service.post(dict(GUIDE_EVENT, appsflyer_id=name, **fields), timeout=10).status
        except (OSError, http.client.HTTPException):  # killed in the middle; wait_killed() knows whether it should have been
            return
        if status == 200:
            self.answered.add(name)

    def new_name(self):
        with self.lock:
            name = f"e{len(self.sent)}"
            self.sent.add(name)
        return name

    def send_one(self, **fields):
        name = self.new_name()
        self.post(name, **fields)
        return name

    def burst(self, count=BURST_EVENTS):
        """Side by side, so that batches hold more than one; whatever becomes of them."""
        names = [self.new_name() for _ in range(count)]

        def run(mine):
            for name in mine:
                self.post(name)
        threads = [threading.Thread(target=run, args=(names[at::BURST_THREADS],)) for at in range(BURST_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def nudge_until(self, condition, what):
        """An event comes now and then until it is so."""
        next_at = time.monotonic() + NUDGE_SECONDS

        def look():
            nonlocal next_at
            if condition():
                return True
            if time.monotonic() > next_at and self.listens():
                self.send_one()
                next_at = time.monotonic() + NUDGE_SECONDS
            return False
        wait_until(look, f"{self.case}: {what}")

    def wait_killed(self, name, nudge=True):
        """The process dies by that step."""
        (self.nudge_until if nudge else wait_until)(lambda: not self.alive(), f"the end at {name}")
        self.assertEqual(self.service.wait_exit(), -signal.SIGKILL, f"{self.case}: {''.join(self.service.errors)}")
        self.assertEqual(self.acted()[-1], f"{name} kill")
        self.order()

    def die_at(self, name, *orders, at=1):
        """From a running service: events, the end at that step's `at`th passing."""
        self.case = f"{name}@{at}"
        self.order(*orders, f"{name}=kill@{at}")
        self.burst()
        self.wait_killed(name)

    def recover(self, **more):
        self.begin(**more)
        self.wait_settled()
        self.check_all()

    # What must hold.

    def parts(self):
        return self.service.request("GET", "/ready").json()["parts"]

    def queue_depth(self):
        return self.parts()["queue"]["depth"]

    def owed(self):
        return self.parts()["secondary"]["owed"]

    def is_settled(self):
        """Nothing waits anywhere. The queue is asked first: what leaves it is owed, or has landed."""
        return self.queue_depth() == 0 and self.owed() == 0

    def wait_settled(self):
        wait_until(self.is_settled, f"{self.case}: all to be settled")

    def wait_owed(self):
        """All that was sent stands in the primary, and what the secondary lacks is durable in its backlog."""
        wait_until(lambda: self.queue_depth() == 0 and self.owed() > 0, f"{self.case}: debts")

    def check(self, targets=TARGETS):
        for target in targets:
            landed = self.landed(target)
            self.assertEqual({n: c for n, c in landed.items() if c != 1}, {}, f"{self.case}: doubled in {target}")
            self.assertEqual(sorted(self.answered - self.refusing - landed.keys()), [], f"{self.case}: lost in {target}")
            self.assertEqual(sorted(landed.keys() - self.sent), [], f"{self.case}: foreign in {target}")
            since, archived = self.archive(target)
            self.assertEqual(archived + self.inserted(target, since), len(landed), f"{self.case}: the markers of {target} do not add up")

    def check_all(self):
        self.check()
        if self.counts_arrivals:
            books = self.books()
            self.assertEqual(books, (0, {target: 0 for target in TARGETS}), f"{self.case}: (exit code, residuals)\n{self.verdict}")

    def archive(self, target):
        """What books.db holds of markers that are gone, or about to go: up to when they were written, and what they said was inserted."""
        with sqlite3.connect(f"file:{os.path.join(self.folder, 'data', 'books.db')}?mode=ro", uri=True, timeout=PATIENCE_SECONDS) as file:
            [[cutoff]] = file.execute("SELECT coalesce(max(cutoff), 0) / 1000000 FROM archive_state WHERE target = ?", [target])
            [[inserted]] = file.execute("SELECT coalesce(sum(landed), 0) FROM archive WHERE target = ?", [target])
        file.close()
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(cutoff)), inserted

    def books(self):
        """What `twinshift books` says: its exit code, and by target the sum of its hours' residuals. Once it has counted every target: not before
        a first start has made its tables."""
        done = wait_until(self.counted, f"{self.case}: the books to be counted")
        self.assertIn(done.returncode, (0, 3), done.stdout + done.stderr)
        rows = json.loads(done.stdout)
        self.verdict = done.stderr
        return done.returncode, {target: sum(int(row["residual"]) for row in rows if row["target"] == target) for target in TARGETS}

    def counted(self):
        done = self.run_command("books", "--format", "json", settings=self.settings())
        return done if done.returncode != 1 else None

    def missing(self, target):
        """Answered 200, and not there."""
        return self.answered - self.landed(target).keys()


class EmbeddedKilling(Killing, ServiceTest):
    """All in files."""

    def settings(self):
        return {"PARK_AFTER": "100"}

    def read(self, target, statement):
        """No rows where the first batch has not made the table yet."""
        try:
            return self.service.sql(target, statement)
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "unable to open" in str(error):
                return []
            raise

    def landed(self, target):
        return {row["id"]: row["n"] for row in self.read(target, "SELECT appsflyer_id AS id, count(*) AS n FROM appsflyer_events GROUP BY 1")}

    def inserted(self, target, since=BEGINNING):
        return sum(row["inserted"] for row in self.read(target, f"SELECT inserted FROM twinshift_loads WHERE written_at >= '{since}'"))

    def hold_when_warm(self):
        self.burst()
        self.wait_settled()
        return self.hold_secondary()

    def hold_when_fresh(self):
        """Nothing was parked since the start: on a busy machine a slow secondary is reason enough to open a segment, which the next one then shares."""
        self.burst()
        self.wait_settled()
        self.service.stop()
        self.begin()
        return self.hold_secondary()

    def hold_secondary(self):
        """Until the returned function is called, the secondary takes nothing."""
        lock = sqlite3.connect(self.service.warehouse("secondary"), isolation_level=None, timeout=PATIENCE_SECONDS)
        self.addCleanup(lock.close)
        lock.execute("BEGIN IMMEDIATE")
        return lambda: lock.execute("ROLLBACK")

