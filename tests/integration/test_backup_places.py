"""`twinshift backup` to places that cannot take it: what it says, that nothing of it stays, and that the service does not notice."""

import os
import subprocess
import unittest

from backing_up import DONE, FAILED, SETTINGS, BackupTest, event
from harness import BINARY, PATIENCE_SECONDS, wait_until
from small_disk import SmallDisk
from users import USER, as_user, is_root

MEGABYTE = 1_000_000


class PlaceTest(BackupTest):
    def count_of_holds(self, service):
        """Moments that a backup has taken and given back by itself."""
        return len([line for line in service.lines if line.get("msg", "").startswith("A backup has begun")])

    def assert_goes_on(self, service, name, holds):
        """The moment was given back, not left to run out; what comes now lands and leaves the queue."""
        wait_until(lambda: self.count_of_holds(service) == holds, f"{holds} moments that were given back")
        self.post(service, event(name))
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: service.sql(t, "SELECT 1 FROM appsflyer_events WHERE appsflyer_id = ?", (name,)), f"{name} in {target}")
        wait_until(lambda: self.parts(service)["queue"]["depth"] == 0, "an empty queue")


class Rights(PlaceTest):
    """The caller has no right there. Root has every right, so for the tests he is somebody else."""

    def setUp(self):
        super().setUp()
        self.become = None
        if is_root():
            self.become = as_user
            for folder in (self.root, self.folder):
                os.chown(folder, USER, USER)
        self.service = self.start(SETTINGS, preexec=self.become)
        self.post(self.service, event("first"))
        self.service.wait_landed(1)

    def tearDown(self):
        for folder, folders, _ in os.walk(self.root):
            for name in folders:
                os.chmod(os.path.join(folder, name), 0o700)
        super().tearDown()

    def as_caller(self, expected, *arguments, **settings):
        done = self.run_command(*arguments, settings={**SETTINGS, **settings}, preexec=self.become)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def place(self, name, mode):
        """A folder of root's, or of ours, with few rights."""
        os.mkdir(self.copy(name))
        os.chmod(self.copy(name), mode)
        return self.copy(name)

    def refused(self, folder, reason, way_out, holds):
        told = self.as_caller(FAILED, "backup", "--to", folder)
        for part in (os.path.dirname(folder), reason, way_out):
            self.assertIn(part, told)
        self.assertEqual([n for n in os.listdir(self.root) if "partial" in n], [])
        self.assertRegex(self.command(FAILED, "backup", "--check", folder), "no complete backup|cannot be read: Permission denied")
        self.assert_goes_on(self.service, f"after {folder}", holds)

    def test_where_nothing_may_be_written(self):
        parent = self.place("read-only", 0o555)
        self.refused(os.path.join(parent, "copy"), "the backup's folder cannot be made: Permission denied", "Check that this user may write there", 1)
        self.assertEqual(os.listdir(parent), [])
        self.as_caller(DONE, "backup", "--to", self.copy())
        self.as_caller(DONE, "backup", "--check", self.copy())

    def test_where_nothing_may_be_seen(self):
        parent = self.place("shut", 0o000)
        self.refused(os.path.join(parent, "in", "copy"), "the folder to make the backup in cannot be looked at: Permission denied",
                     "Check that this user may write there", 0)
        unreadable = self.place("unreadable", 0o700 if is_root() else 0o300)
        self.refused(unreadable, "the folder cannot be read: Permission denied", "Check that this user may write there", 0)
        self.refused(os.path.join(parent, "copy"), "the backup's folder cannot be made: Permission denied", "Check that this user may write there", 1)

    def test_a_copy_that_may_not_be_read(self):
        self.as_caller(DONE, "backup", "--to", self.copy())
        os.chmod(self.copy(), 0o000)
        told = self.as_caller(FAILED, "backup", "--check", self.copy())
        self.assertIn(os.path.join(self.copy(), "backup.txt"), told)
        self.assertIn("cannot be read: Permission denied", told)
        self.assertIn("as a user who may read", told)

    @unittest.skipUnless(is_root(), "only root can be two users")
    def test_a_data_folder_of_another_user(self):
        self.assertEqual(self.service.stop(), 0)
        self.use("roots")
        service = self.start(SETTINGS)
        self.post(service, event("theirs"))
        service.wait_landed(1)
        for beside_it in (True, False):
            told = self.as_caller(FAILED, "backup", "--to", self.copy("not-theirs"))
            self.assertIn("Permission denied", told)
            self.assertIn("./data/control.sock" if beside_it else "./data", told)
            self.assertIn("Run it as the service's user, or as root", told)
            if beside_it:
                self.assertEqual(service.stop(), 0)
        self.assertFalse(os.path.exists(self.copy("not-theirs")))

    def test_what_may_not_be_read_is_not_left_out(self):
        self.assertEqual(self.service.stop(), 0)
        hidden = self.place("hidden", 0o000)
        told = self.as_caller(FAILED, "backup", "--to", self.copy(), PRIMARY_WAREHOUSE_URL=f"sqlite:{hidden}/primary.db")
        self.assertIn(f"what is to be copied cannot be read: Permission denied ({hidden}/primary.db). Run it as the service's user", told)
        gap = os.path.join(self.service.data, "gap.txt")
        open(gap, "ab").close()
        os.chown(gap, os.stat(self.service.data).st_uid, -1)
        for name, reason in (("gap.txt", "Permission denied"), ("books.db", "unable to open"), ("trace", "Permission denied")):
            path = os.path.join(self.service.data, name)
            mode = os.stat(path).st_mode
            os.chmod(path, 0o000)
            told = self.as_caller(FAILED, "backup", "--to", self.copy())
            self.assertIn(f"data/{name}", told)
            self.assertIn(reason, told)
            os.chmod(path, mode)
        self.as_caller(DONE, "backup", "--to", self.copy("readable"))
        self.assertEqual([n for n in os.listdir(self.root) if "copy" in n], [])


class FullDisk(PlaceTest):
    def setUp(self):
        super().setUp()
        self.place = self.copy("small")
        os.mkdir(self.place)
        self.to = os.path.join(self.place, "copy")
        self.service = self.start(SETTINGS)

    def disk(self, options):
        disk = SmallDisk(self.place, options)
        self.addCleanup(disk.close)
        return disk

    def begin_there(self, disk, *arguments):
        environment = {"PATH": os.environ["PATH"], "SECONDARY_REDSHIFT_ENABLED": "true"}
        process = subprocess.Popen(disk.command(self.folder, os.path.abspath(BINARY), "backup", *arguments), env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process

    def ended(self, process, expected):
        told, _ = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, expected, told)
        return told

    def check_nothing_is_left(self, disk, *but):
        self.assertEqual(sorted(os.listdir(disk.path())), sorted(but))
        self.assertIn("no complete backup", self.ended(self.begin_there(disk, "--check", self.to), FAILED))

    def put_much_in(self, service, count=48, size=125_000):
        """Noise, so that it is large in the backlog, too."""
        for number in range(count):
            self.post(service, event(f"large-{number}", event_value=os.urandom(size // 2).hex()))

    def large_in(self, disk, name):
        """The copy under way has something of this name, and is not done with it."""
        for folder, _, files in os.walk(disk.path()):
            for each in files:
                path = os.path.join(folder, each)
                if f"/{name}" in path and os.path.getsize(path) > 0:
                    return True
        return False

    def test_too_small_from_the_beginning(self):
        self.put_much_in(self.service)
        self.service.wait_landed(48)
        disk = self.disk("size=2m")
        told = self.ended(self.begin_there(disk, "--to", self.to), FAILED)
        self.assertRegex(told, r"the backup needs \d+ MB more, and [12] MB are free \(" + self.place)
        self.assertIn("Free disk space there, or give the backup another disk", told)
        self.check_nothing_is_left(disk)
        self.assert_goes_on(self.service, "after", 1)

    def test_no_room_for_one_more_name(self):
        self.post(self.service, event("first"))
        self.service.wait_landed(1)
        for inodes, reason in ((1, "No space left on device"), (2, "No space left on device"), (3, ""), (4, ""), (5, "")):
            disk = self.disk(f"size=64m,nr_inodes={inodes}")
            told = self.ended(self.begin_there(disk, "--to", self.to), FAILED)
            for part in (self.to + ".partial-", reason, "Free disk space there, or give the backup another disk"):
                self.assertIn(part, told)
            self.check_nothing_is_left(disk)
        self.assert_goes_on(self.service, "after", 5)

    def test_it_fills_up_meanwhile(self):
        self.post(self.service, event("first"))
        self.service.wait_landed(1)
        holder = self.take_secondary_away()
        self.put_much_in(self.service)
        wait_until(lambda: self.parts(self.service)["secondary"]["owed"] >= 48, "a backlog")
        disk = self.disk("size=64m")
        for name in ("secondary-backlog", "primary.db"):
            backup = self.begin_there(disk, "--to", self.to, "--rate", "1")
            wait_until(lambda n=name: self.large_in(disk, n) or backup.poll() is not None, f"{name} under way")
            disk.fill()
            told = self.ended(backup, FAILED)
            self.assertIn(self.to + ".partial-", told)
            self.assertIn(f"/{name}", told)
            self.assertIn("Free disk space there, or give the backup another disk", told)
            self.check_nothing_is_left(disk, "filler")
            os.remove(disk.path("filler"))
        holder.rollback()
        holder.close()
        self.assert_goes_on(self.service, "after", 2)
        self.service.wait_landed(50)
        self.assertIn("complete in", self.ended(self.begin_there(disk, "--to", self.to), DONE))
        self.assertIn("all sound", self.ended(self.begin_there(disk, "--check", self.to), DONE))


if __name__ == "__main__":
    unittest.main()
