"""`twinshift backup` on the real binary: a copy taken under traffic is a data folder from which every accepted event lands, once, on both sides."""

import os
import sqlite3
import stat
import unittest

from backing_up import DONE, FAILED, REFUSED, SETTINGS, USAGE, BackupTest, event
from harness import wait_until
from sender import Sender

PASSES_MAX = 10


class Backup(BackupTest):
    def test_under_traffic_with_the_secondary_away_half_the_time(self):
        service = self.start(SETTINGS)
        self.post(service, event("first"))
        service.wait_landed(1)
        self.refuse_in_secondary()
        sender = Sender(service, "e", threads=3)
        self.post(service, event("bad", campaign=REFUSED))
        wait_until(lambda: self.parts(service)["secondary"]["quarantined"] == 1, "a record in the quarantine")
        before = {}
        for name, away in (("landing", False), ("away", True), ("draining", False)):
            holder = self.take_secondary_away() if away else None
            if away:
                wait_until(lambda: self.parts(service)["secondary"]["owed"] > 50, "a backlog")
            before[name] = list(sender.acknowledged)
            self.assertIn("complete", self.backup(name))
            if holder:
                holder.rollback()
                holder.close()
        sender.wait_acknowledged(len(sender.acknowledged) + 50)  # beyond the promise
        service.kill()
        sender.stop()
        for name, names in before.items():
            self.assertGreater(len(names), 0)
            self.assertIn("all sound", self.command(DONE, "backup", "--check", self.copy(name)))
            restored = self.restore(name)
            self.assert_whole(restored, [*names, "first", "bad"], refused=["bad"])
            self.assertEqual(self.parts(restored)["secondary"]["quarantined"], 1)
            self.assertEqual(restored.stop(), 0)

    def test_beside_nothing_also_after_a_kill(self):
        service = self.start(SETTINGS)
        self.post(service, *(event(f"a{i}") for i in range(5)))
        service.wait_landed(5)
        service.kill()
        self.backup("killed")
        service = self.start(SETTINGS)
        self.post(service, event("later"))
        service.wait_landed(6)
        self.assertEqual(service.stop(), 0)
        self.backup("stopped", DONE, "--no-trace")
        self.assertFalse(os.path.exists(os.path.join(self.copy("stopped"), "trace")))
        for name, names in (("killed", [f"a{i}" for i in range(5)]), ("stopped", [*(f"a{i}" for i in range(5)), "later"])):
            restored = self.restore(name)
            self.assert_whole(restored, names)
            self.assertEqual(restored.count("primary"), len(names))
            self.assertEqual(restored.stop(), 0)

    def test_files_are_the_callers_alone_and_nothing_is_there_that_belongs_to_a_process(self):
        service = self.start(SETTINGS)
        self.post(service, event("a"))
        service.wait_landed(1)
        os.mkdir(self.copy())  # empty: it may be there
        self.backup()
        self.assertEqual(stat.S_IMODE(os.stat(self.copy()).st_mode), 0o700)
        names = []
        for folder, _, files in os.walk(self.copy()):
            for name in files:
                path = os.path.join(folder, name)
                self.assertEqual((stat.S_IMODE(os.stat(path).st_mode), os.stat(path).st_uid), (0o600, os.geteuid()), path)
                names.append(os.path.relpath(path, self.copy()))
        self.assertLessEqual({"backup.txt", "queue.db", "books.db", "primary.db", "secondary.db"}, set(names))
        self.assertEqual([n for n in names if n.endswith(("-wal", "-shm", "-journal", ".sock", ".lock"))], [])
        self.assertEqual([n for n in os.listdir(self.root) if "partial" in n], [])
        self.assertEqual(service.stop(), 0)

    def test_what_cannot_be_done_is_said(self):
        self.assertIn("no data folder here", self.backup("x", USAGE))
        service = self.start(SETTINGS)
        self.post(service, event("a"))
        service.wait_landed(1)
        self.command(USAGE, "backup")
        self.command(USAGE, "backup", "--to", self.copy(), "--check", self.copy())
        os.makedirs(self.copy("full/of"))
        self.assertIn("is not empty", self.backup("full", USAGE))
        self.assertIn("inside the data folder", self.backup("live/data/copy", USAGE))
        self.assertIn("no such folder", self.backup("none/copy", FAILED))
        self.assertIn("DISK_RESERVE", self.backup("copy", FAILED, DISK_RESERVE="16384GB"))
        with open(self.copy("file"), "w", encoding="utf-8"):
            self.assertIn("a file of this name", self.backup("file", USAGE))
        self.assertEqual([n for n in os.listdir(self.root) if "copy" in n], [])
        os.mkdir(self.copy("copy.partial-20260101T000000000Z"))
        self.assertIn("copy.partial-20260101T000000000Z is of a backup that was cut short", self.backup())
        self.assertIn("no complete backup", self.command(FAILED, "backup", "--check", self.copy("full")))
        self.assertEqual(service.stop(), 0)

    def test_damage_is_found(self):
        service = self.start(SETTINGS)
        self.post(service, *(event(f"a{i}") for i in range(20)))
        service.wait_landed(20)
        self.assertEqual(service.stop(), 0)
        self.backup()
        path = os.path.join(self.copy(), "primary.db")
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        told = self.command(FAILED, "backup", "--check", self.copy())
        self.assertIn("primary.db: its content has changed", told)
        self.assertNotIn("secondary.db:", told)
        with open(os.path.join(self.copy(), "primary.db-wal"), "wb"):  # SQLite would read it with the database
            pass
        self.assertIn("primary.db-wal: it is not in the list", self.command(FAILED, "backup", "--check", self.copy()))
        os.remove(os.path.join(self.copy(), "books.db"))
        self.assertIn("books.db: a file of the backup cannot be read", self.command(FAILED, "backup", "--check", self.copy()))
        os.truncate(os.path.join(self.copy(), "backup.txt"), 100)
        self.assertIn("is cut short", self.command(FAILED, "backup", "--check", self.copy()))

    def test_who_was_erased_stays_erased(self):
        service = self.start(SETTINGS)
        theirs = event("theirs", customer_user_id="person-4711")
        self.post(service, theirs, event("other"))
        service.wait_landed(2)
        self.command(DONE, "erase", "--where", "customer_user_id=person-4711", "--yes")
        self.backup()
        service.kill()
        restored = self.restore()
        self.post(restored, theirs, event("new"))
        wait_until(lambda: self.parts(restored)["queue"]["depth"] == 0 and restored.count("secondary") == 2, "the new one in the secondary")
        for target in ("primary", "secondary"):
            self.assertEqual([r["i"] for r in restored.sql(target, "SELECT appsflyer_id AS i FROM appsflyer_events ORDER BY 1")], ["new", "other"])
        self.wait_books_closed()
        self.assertEqual(restored.stop(), 0)

    def decoy(self):
        """A warehouse in whose lock a backup waits, 2 s at most, after it has fixed the primary and before it fixes the queue."""
        decoy = sqlite3.connect(self.copy("decoy.db"), timeout=30, isolation_level=None)
        decoy.execute("CREATE TABLE t (c)")
        self.addCleanup(decoy.close)
        return decoy

    def has_open(self, process, path):
        try:
            return path in [os.readlink(f"/proc/{process.pid}/fd/{each}") for each in os.listdir(f"/proc/{process.pid}/fd")]
        except FileNotFoundError:
            return False

    def pass_through(self, service, name):
        """The event is on both sides, and the queue has been told so before it wrote another one."""
        self.post(service, event(name))
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: service.sql(t, "SELECT 1 FROM appsflyer_events WHERE appsflyer_id = ?", (name,)), f"{name} in {target}")
        wait_until(lambda: b"\ntwinshift_queue_in_flight_events 0\n" in service.request("GET", "/metrics").body, "nothing in flight")
        self.post(service, event(name + "-follower"))
        return [name, name + "-follower"]

    def test_what_passes_through_between_two_stores_is_in_the_copy(self):
        service = self.start(SETTINGS)
        self.post(service, event("first"))
        service.wait_landed(1)
        names, decoy = ["first"], self.decoy()
        with_decoy = {**SETTINGS, "PRIMARY_WAREHOUSE_URL": "sqlite:./data/primary.db", "SECONDARY_WAREHOUSE_URL": f"sqlite:{self.copy('decoy.db')}"}
        for number in range(PASSES_MAX):  # again where the machine was too slow for the backup's patience
            decoy.execute("BEGIN EXCLUSIVE")
            backup = self.launch(with_decoy, arguments=("backup", "--to", self.copy()))
            wait_until(lambda b=backup: self.has_open(b.process, self.copy("decoy.db")) or b.process.poll() is not None, "the backup at the decoy")
            names += self.pass_through(service, f"passing-{number}")
            decoy.execute("ROLLBACK")
            if backup.wait_exit() == DONE:
                break
        self.assertTrue(os.path.exists(self.copy()), backup.errors)
        service.kill()
        restored = self.restore()  # its secondary begins empty
        wait_until(lambda: self.parts(restored)["queue"]["depth"] == 0, "an empty queue")
        found = {row["id"]: row["n"] for row in restored.sql("primary", "SELECT appsflyer_id AS id, count(*) AS n FROM appsflyer_events GROUP BY 1")}
        self.assertEqual(found, dict.fromkeys(names, 1))

    def test_commands_wait_for_the_moment_in_which_a_backup_is_fixed(self):
        service = self.start(SETTINGS)
        self.post(service, event("first"))
        service.wait_landed(1)
        self.refuse_in_secondary()
        self.post(service, event("bad", campaign=REFUSED), event("good"))

        def refused():
            self.post(service, event(f"good{len(service.lines)}"))
            return self.parts(service)["secondary"]["quarantined"] == 1
        wait_until(refused, "a record in the quarantine")
        ok, number = self.ask(service, "backup begin")
        self.assertEqual(ok, "ok")
        replay = self.launch(SETTINGS, arguments=("quarantine", "replay", "--all"))
        # Whoever took the moment and died is waited for no longer than its bound; then the replay has its turn.
        self.assertEqual(replay.wait_exit(), 0, replay.errors)
        self.assertEqual(self.ask(service, "backup end", number), ["ok", "ran out"])
        self.backup()
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
