"""kill -9, an unusable secondary, a full disk, a second instance, the stop: nothing accepted is lost, nothing stands twice."""

import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from sender import Sender


class Crash(ServiceTest):
    ROUNDS = int(os.environ.get("TWINSHIFT_TEST_KILLS", "6"))

    def test_kill_9_under_load_loses_nothing(self):
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        acknowledged = []
        for round_number in range(self.ROUNDS):
            service = self.start()
            sender = Sender(service, f"r{round_number}")
            sender.wait_acknowledged(dice.randrange(1, 200))
            service.kill()
            acknowledged += sender.stop()
        service = self.start()
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="last")).status, 200)
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: {r["appsflyer_id"] for r in service.sql(t, "SELECT appsflyer_id FROM appsflyer_events")} >=
                       set(acknowledged) | {"last"}, f"all events in {target} (seed {seed})")
        # An event whose answer was cut off by the kill may be there too, but none twice.
        for target in ("primary", "secondary"):
            self.assertEqual(service.sql(target, "SELECT appsflyer_id FROM appsflyer_events GROUP BY 1 HAVING count(*) > 1"), [])
        self.assertGreater(len(acknowledged), self.ROUNDS)


class Damage(ServiceTest):
    def test_files_without_accepted_events_do_not_keep_the_door_shut(self):
        service = self.start()
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before")).status, 200)
        self.assertEqual(service.request("POST", "/webhook/appsflyer", b"{broken").status, 400)
        service.wait_landed(1)
        service.stop()
        for name in ("books.db", "refused.db"):
            with open(os.path.join(service.data, name), "wb") as f:
                f.write(random.Random(1).randbytes(8192))
        service = self.start({"BOOKS_INTERVAL": "1s"})
        aside = {l["setAside"] for l in service.lines if l["msg"].startswith("A damaged file is set aside")}
        self.assertEqual(sorted(os.path.basename(a).split(".damaged-")[0] for a in aside), ["books.db", "refused.db"])
        self.assertTrue(all(os.path.exists(os.path.join(self.folder, a)) for a in aside), aside)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="after")).status, 200)
        self.assertEqual(service.request("POST", "/webhook/appsflyer", b"{broken").status, 400)
        service.wait_landed(2)
        # What was received before the books that are gone is not judged: never missing.
        for target in ("primary", "secondary"):
            books = wait_until(lambda t=target: service.request("GET", "/ready").json()["parts"][t].get("books", {}).get("countedAt") and
                               service.request("GET", "/ready").json()["parts"][t]["books"], f"the books of {target}")
            self.assertEqual(books["missing"], 0)
        books = self.run_command("books")
        self.assertEqual(books.returncode, 0, books.stdout + books.stderr)
        self.assertIn("The counting began anew", books.stdout)
        self.assertFalse([l for l in service.lines if l["msg"].startswith("The books do not close")])
        service.stop()


class Secondary(ServiceTest):
    def test_unusable_secondary_leaves_the_primary_alone(self):
        service = self.start()
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before")).status, 200)
        service.wait_landed(1)
        path = service.warehouse("secondary")
        # Moved away: as gone as a cluster that was paused.
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.rename(path + suffix, path + suffix + ".away")
        names = [f"during-{i}" for i in range(50)]
        for name in names:
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        service.wait_landed(51, ("primary",))
        line = service.wait_log(lambda l: l.get("msg") == "Failed to insert data into secondary SQLite")
        self.assertEqual(line["target"], "secondary")
        self.assertTrue(line["error"])
        self.assertEqual(service.request("GET", "/health").status, 200)
        self.assertEqual(service.request("GET", "/ready").status, 200)
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix + ".away"):
                os.rename(path + suffix + ".away", path + suffix)
        service.wait_landed(51)
        self.assert_each_once(service, ["before", *names])
        both = self.run_command("query", "SELECT * FROM appsflyer_events ORDER BY event_id", "--format", "json")
        self.assertEqual(both.returncode, 0, both.stderr)

    def test_debt_survives_a_restart(self):
        os.makedirs(os.path.join(self.folder, "data", "secondary.db"), mode=0o700)  # a folder in the file's place
        os.chmod(os.path.join(self.folder, "data"), 0o700)
        service = self.start()
        names = [f"owed-{i}" for i in range(20)]
        for name in names:
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        service.wait_landed(20, ("primary",))
        self.assertEqual(service.stop(), 0)
        os.rmdir(os.path.join(self.folder, "data", "secondary.db"))
        service = self.start()
        service.wait_landed(20)
        self.assert_each_once(service, names)


class Stopping(ServiceTest):
    def test_ready_says_it_before_the_door_closes(self):
        service = self.start({"SHUTDOWN_NOTICE": "3000"})
        wait_until(lambda: service.request("GET", "/ready").status == 200, "readiness")
        service.process.terminate()
        wait_until(lambda: service.request("GET", "/ready").status == 503, "/ready to say that it stops")
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)  # still taken
        self.assertEqual(service.stop(), 0)

    def test_a_lane_that_hangs_leaves_no_work_behind(self):
        service = self.start({"SHUTDOWN_TIMEOUT": "6"})
        service.post(dict(GUIDE_EVENT, appsflyer_id="first"))
        service.wait_landed(1)
        lock = sqlite3.connect(service.warehouse("secondary"), isolation_level=None)
        self.addCleanup(lock.close)
        lock.execute("BEGIN IMMEDIATE")
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="held")).status, 200)
        service.wait_landed(2, ("primary",))
        self.assertEqual(service.stop(), 0)  # owed durably
        lock.execute("ROLLBACK")
        service = self.start()
        service.wait_landed(2)
        self.assert_each_once(service, ["first", "held"])


class FullDisk(ServiceTest):
    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data, mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", self.data], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest("a small file system of one's own needs the right to mount: " + done.stderr.strip())
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.data], check=False))

    def fill(self, leave_bytes):
        status = os.statvfs(self.data)
        size = status.f_bavail * status.f_frsize - leave_bytes
        with open(os.path.join(self.data, "ballast"), "wb") as f:
            while size > 0:
                part = min(size, 1 << 20)
                f.write(b"x" * part)
                size -= part

    def test_full_disk_answers_503_and_recovers(self):
        service = self.start({"DISK_RESERVE": "8MB"})
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before")).status, 200)
        service.wait_landed(1)
        self.fill(4 << 20)  # below the reserve: nothing new, but what was taken settles
        answer = wait_until(lambda: (lambda a: a if a.status == 503 else None)(service.post(GUIDE_EVENT)), "503")
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertIs(answer.json()["success"], False)
        self.assertEqual(service.request("GET", "/health").status, 200)
        os.remove(os.path.join(self.data, "ballast"))
        wait_until(lambda: service.post(dict(GUIDE_EVENT, appsflyer_id="after")).status == 200, "room again")
        wait_until(lambda: service.sql("secondary", "SELECT 1 FROM appsflyer_events WHERE appsflyer_id = 'after'"), "the event after")
        self.assertEqual(service.stop(), 0)

    def test_disk_full_to_the_last_byte_loses_nothing(self):
        service = self.start({"DISK_RESERVE": "1MB"})
        sender = Sender(service, "full", pad=8000)
        wait_until(lambda: sender.statuses.get(503, 0) > 5, "refusals on a full disk", 120)
        acknowledged = sender.stop()
        self.assertGreater(len(acknowledged), 100)
        self.assertNotIn(500, sender.statuses)
        service.kill()
        # A larger disk, the same files.
        subprocess.run(["mount", "-o", "remount,size=512m", self.data], check=True)
        service = self.start({"DISK_RESERVE": "1MB"})
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: {r["appsflyer_id"] for r in service.sql(t, "SELECT appsflyer_id FROM appsflyer_events")} >=
                       set(acknowledged), f"all events in {target}")
            self.assertEqual(service.sql(target, "SELECT appsflyer_id FROM appsflyer_events GROUP BY 1 HAVING count(*) > 1"), [])
        self.assertEqual(service.stop(), 0)


class StartAndStop(ServiceTest):
    def test_second_instance_is_refused(self):
        first = self.start()
        second = self.launch()
        self.assertEqual(second.wait_exit(), 4)
        said = "".join(second.errors)
        self.assertIn(f"process id {first.process.pid}", said)
        self.assertIn("TWINSHIFT_DATA_DIR", said)

    def test_port_in_use_is_refused(self):
        service = self.start()
        second = self.launch({"PORT": str(service.port), "TWINSHIFT_DATA_DIR": "./other"})
        self.assertEqual(second.wait_exit(), 4)

    def test_stop_under_load_settles_everything(self):
        service = self.start()
        sender = Sender(service, "stop")
        sender.wait_acknowledged(200)
        code = service.stop()
        acknowledged = sender.stop()
        self.assertEqual(code, 0)
        service = self.start()
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: {r["appsflyer_id"] for r in service.sql(t, "SELECT appsflyer_id FROM appsflyer_events")} >=
                       set(acknowledged), f"all events in {target}")

    def test_each_stop_signal_ends_in_good_order(self):
        for name in ("SIGTERM", "SIGINT"):  # SIGHUP: test_reload.py
            service = self.start()
            service.process.send_signal(getattr(signal, name))
            self.assertEqual(service.wait_exit(), 0)
            self.assertEqual([l["signal"] for l in service.lines if l.get("msg") == "Stopping"], [name])

    def test_files_are_private(self):
        service = self.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        self.assertEqual(os.stat(service.data).st_mode & 0o777, 0o700)
        for name in os.listdir(service.data):
            self.assertEqual(os.stat(os.path.join(service.data, name)).st_mode & 0o077, 0, name)


if __name__ == "__main__":
    unittest.main()
