"""What the tests of `twinshift backup` share: a service in a folder, copies beside it, services started from those."""

import json
import os
import shutil
import socket
import sqlite3

from harness import GUIDE_EVENT, ServiceTest, wait_until

REFUSED = "refuse-me"
DONE, FAILED, USAGE = 0, 1, 2
SETTINGS = {"BOOKS_INTERVAL": "1s"}


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class BackupTest(ServiceTest):
    """Services and commands run in a folder that use() names; copies stand beside it."""

    def setUp(self):
        super().setUp()
        self.root = self.folder
        self.use("live")

    def tearDown(self):
        self.folder = self.root
        super().tearDown()

    def use(self, name):
        """Commands and services from now on run there."""
        self.folder = os.path.join(self.root, name)
        os.makedirs(self.folder, exist_ok=True)

    def copy(self, name="copy"):
        return os.path.join(self.root, name)

    def command(self, expected, *arguments, **settings):
        done = self.run_command(*arguments, settings=settings)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def backup(self, name="copy", expected=DONE, *more, **settings):
        return self.command(expected, "backup", "--to", self.copy(name), *more, **settings)

    def restore(self, name="copy"):
        self.use("restored-" + name)
        shutil.copytree(self.copy(name), os.path.join(self.folder, "data"))
        return self.start(SETTINGS)

    def post(self, service, *events):
        for each in events:
            self.assertEqual(service.post(each).status, 200)

    def parts(self, service):
        return service.request("GET", "/ready").json()["parts"]

    def refuse_in_secondary(self):
        with sqlite3.connect(os.path.join(self.folder, "data", "secondary.db"), timeout=30) as connection:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON appsflyer_events WHEN NEW.campaign = '" + REFUSED +
                               "' BEGIN SELECT RAISE(ABORT, 'refused'); END")
        connection.close()

    def take_secondary_away(self):
        """Somebody else holds its writer's lock: it can be read and not written."""
        holder = sqlite3.connect(os.path.join(self.folder, "data", "secondary.db"), timeout=30, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        return holder

    def wait_books_closed(self):
        def closed():
            done = self.run_command("books", "--format", "json", settings=SETTINGS)
            hours = json.loads(done.stdout or "[]")
            return done.returncode == 0 and hours and all(h["state"] == "closed" and int(h["residual"]) == 0 for h in hours)
        wait_until(closed, "closed books")

    def assert_whole(self, service, names, refused=()):
        """All of them once on both sides, those that the secondary refuses in the primary; the books close; both sides are equal."""
        wait_until(lambda: self.parts(service)["queue"]["depth"] == 0 and self.parts(service)["secondary"]["owed"] == 0, "nothing to be owed")
        for target in ("primary", "secondary"):
            rows = service.sql(target, "SELECT appsflyer_id AS id, count(*) AS n FROM appsflyer_events GROUP BY 1")
            found = {row["id"]: row["n"] for row in rows}
            expected = set(names) - (set(refused) if target == "secondary" else set())
            self.assertEqual(sorted(expected - set(found)), [], f"lost in {target}")
            self.assertEqual({i: n for i, n in found.items() if n != 1}, {}, f"doubled in {target}")
        self.assertEqual(self.parts(service)["secondary"]["backlog"]["lost"], 0)
        self.wait_books_closed()
        self.command(DONE, "verify", **SETTINGS)

    def ask(self, service, *lines):
        """As the command does, so that it can be stopped in the middle."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(60)
            peer.connect(os.path.join(service.data, "control.sock"))
            peer.sendall("".join(line + "\n" for line in (*lines, "")).encode())
            return peer.makefile().read().split("\n")[:2]
