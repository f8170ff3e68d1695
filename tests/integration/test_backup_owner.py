"""`twinshift backup` by root beside a service that runs as a user of its own: the copy is root's, the data folder stays the service's."""

import os
import shutil
import stat
import subprocess
import unittest

from backing_up import DONE, SETTINGS, BackupTest, event
from harness import wait_until
from users import USER, as_user, is_root


@unittest.skipUnless(is_root(), "only root can be two users")
class BackupByRoot(BackupTest):
    def use(self, name):
        super().use(name)
        for folder in (self.root, self.folder):
            os.chown(folder, USER, USER)

    def owners(self, folder):
        """path -> (owner, group, mode), the folder itself included."""
        found = {}
        for place, _, names in os.walk(folder):
            for path in (place, *(os.path.join(place, name) for name in names)):
                status = os.stat(path)
                found[os.path.relpath(path, folder)] = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
        return found

    def check_copy(self, name):
        self.backup(name)
        self.assertIn("all sound", self.command(DONE, "backup", "--check", self.copy(name)))
        for path, found in self.owners(self.copy(name)).items():
            mode = 0o700 if os.path.isdir(os.path.join(self.copy(name), path)) else 0o600
            self.assertEqual(found, (0, 0, mode), path)

    def check_data(self, before):
        """Nothing in it has another owner or mode than before; what is new is the service's."""
        after = self.owners(os.path.join(self.folder, "data"))
        self.assertEqual({path: after[path] for path in before if path in after}, {path: before[path] for path in before if path in after})
        self.assertEqual({path: found for path, found in after.items() if found[:2] != (USER, USER)}, {})

    def start_as_user(self):
        return self.start(SETTINGS, preexec=as_user)

    def restore_as_the_page_says(self, name):
        data = os.path.join(self.folder, "data")
        os.rename(data, data + ".before")
        subprocess.run(f"cp -a '{self.copy(name)}' data && chown -R --reference=data.before data", shell=True, check=True, cwd=self.folder)
        service = self.start_as_user()
        shutil.rmtree(data + ".before")
        return service

    def test_beside_it_and_beside_what_it_left(self):
        service = self.start_as_user()
        data = service.data
        self.post(service, event("first"))
        service.wait_landed(1)
        holder = self.take_secondary_away()
        self.post(service, *(event(f"owed-{i}") for i in range(20)))
        wait_until(lambda: self.parts(service)["secondary"]["owed"] == 20, "a backlog")
        before = self.owners(data)
        self.check_copy("beside")
        self.check_data(before)
        holder.rollback()
        holder.close()
        service.wait_landed(21)
        service.kill()  # its -wal and -shm stay
        before = self.owners(data)
        self.assertIn("queue.db-wal", before)
        self.check_copy("killed")
        self.check_data(before)
        service = self.start_as_user()
        self.assertEqual(service.stop(), 0)
        os.remove(os.path.join(data, "twinshift.lock"))
        self.check_copy("stopped")
        self.check_data(self.owners(data))
        for name in ("beside", "killed", "stopped"):
            service = self.restore_as_the_page_says(name)
            self.assert_whole(service, ["first", *(f"owed-{i}" for i in range(20))])
            self.assertEqual(service.stop(), 0)
            self.assertEqual({found[:2] for found in self.owners(data).values()}, {(USER, USER)})


if __name__ == "__main__":
    unittest.main()
