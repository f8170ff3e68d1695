"""The data folder of a service that runs as a user of its own, looked after by root."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import BINARY, GUIDE_EVENT, Service, wait_until
from users import USER, as_user, is_root

DEAD = {"PRIMARY_WAREHOUSE_URL": "sqlite:./data/primary.db", "SECONDARY_WAREHOUSE_URL": "postgresql://x@127.0.0.1:1/x"}


@unittest.skipUnless(is_root(), "only root can be two users")
class Owner(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="twinshift-owner-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chown(self.folder, USER, USER)

    def start(self, settings=None):
        service = Service(self.folder, settings or DEAD, preexec=as_user)
        self.addCleanup(service.kill)
        return service.wait_started()

    def owed(self, service):
        return service.request("GET", "/ready").json()["parts"]["secondary"]["owed"]

    def owe(self, service, count):
        for i in range(count):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"{service.port} {i}")).status, 200)
        wait_until(lambda: self.owed(service) >= count, "the secondary's debt")

    def as_root(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "SECONDARY_REDSHIFT_ENABLED": "true", **DEAD}
        return subprocess.run([os.path.abspath(BINARY), *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=90)

    def files(self):
        """path -> (owner, bytes, time of the last change) of what the data folder holds."""
        found = {}
        for folder, folders, names in os.walk(os.path.join(self.folder, "data")):
            for name in folders + names:
                status = os.stat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (status.st_uid, status.st_size, status.st_mtime_ns)
        return found

    def test_a_count_changes_nothing_of_the_backlog(self):
        service = self.start()
        self.owe(service, 5)
        service.stop()
        before = {path: what for path, what in self.files().items() if "backlog" in path}
        done = self.as_root("books")
        self.assertIn("secondary", done.stdout + done.stderr)
        self.assertEqual({path: what for path, what in self.files().items() if "backlog" in path}, before)
        self.assertEqual({what[0] for what in self.files().values()}, {USER})
        self.assertEqual(self.owed(self.start()), 5)

    def test_what_root_makes_is_the_folders_owners(self):
        os.mkdir(os.path.join(self.folder, "data"), 0o700)
        os.chown(os.path.join(self.folder, "data"), USER, USER)
        service = Service(self.folder, DEAD)  # by root
        self.addCleanup(service.kill)
        service.wait_started()
        self.owe(service, 3)
        service.stop()
        self.assertEqual({what[0] for path, what in self.files().items() if not path.endswith(".sock")}, {USER})
        self.assertEqual(self.owed(self.start()), 3)

    def test_a_file_of_another_user_is_named_with_the_way_out(self):
        service = self.start()
        self.owe(service, 1)
        service.stop()
        for name in ("secondary-backlog/settled.log", "queue.db", "twinshift.lock"):
            path = os.path.join(self.folder, "data", name)
            os.chown(path, 0, 0)
            failed = Service(self.folder, DEAD, preexec=as_user)
            self.addCleanup(failed.kill)
            failed.process.wait(30)
            self.assertEqual(failed.process.returncode, 4)
            said = wait_until(lambda: "".join(failed.errors), "the reason") + "".join(map(str, failed.lines))
            self.assertIn(name, said)
            self.assertIn(f"chown -R {USER} ", said)
            os.chown(path, USER, USER)


if __name__ == "__main__":
    sys.exit(unittest.main())
