"""`twinshift backup` where the queue is Amazon SQS (the stand-in): what waits in the spool while SQS is away is in the copy."""

import os
import shutil
import unittest

from backing_up import DONE, SETTINGS, BackupTest, event
from harness import wait_until
from servers import SqsServer


class BackupBesideSqs(BackupTest):
    def setUp(self):
        super().setUp()
        self.sqs = SqsServer()
        self.port = self.sqs.port
        self.settings = {**SETTINGS, "SQS_QUEUE_URL": self.sqs.create_queue("events"), "SQS_SPOOL": "true", "QUEUE_LEASE_TIMEOUT": "5s",
                         "TWINSHIFT_DATA_DURABLE": "true",
                         "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        self.addCleanup(lambda: self.sqs.stop())

    def sqs_goes(self):
        self.sqs.stop()

    def sqs_comes_back(self):
        self.sqs = SqsServer(self.port)
        self.sqs.create_queue("events")

    def spooled(self, service):
        return self.parts(service)["queue"].get("spooled", 0)

    def restore(self, name="copy"):
        self.use("restored-" + name)
        shutil.copytree(self.copy(name), os.path.join(self.folder, "data"))
        return self.start(self.settings)

    def assert_each_lands_once(self, service, names):
        service.wait_landed(len(names))
        wait_until(lambda: self.parts(service)["queue"]["depth"] == 0 and self.spooled(service) == 0, "nothing to wait any more")
        self.assert_each_once(service, names)

    def test_what_is_in_the_spool_lands_from_the_copy(self):
        service = self.start(self.settings)
        self.post(service, event("before"))
        service.wait_landed(1)
        self.sqs_goes()
        names = [f"spooled-{number}" for number in range(30)]
        self.post(service, *(event(name) for name in names))
        wait_until(lambda: self.spooled(service) == len(names), "all of them in the spool")
        told = self.backup("copy", DONE, **self.settings)
        self.assertIn("note: the queue is Amazon SQS", told)
        self.assertIn("all sound", self.command(DONE, "backup", "--check", self.copy()))
        self.post(service, event("later"))  # beyond the promise
        service.kill()
        restored = self.restore()
        self.assertEqual(self.spooled(restored), len(names))
        self.sqs_comes_back()
        self.assert_each_lands_once(restored, ["before", *names])
        self.assertEqual(restored.count("primary"), len(names) + 1)
        self.assertEqual(restored.stop(), 0)

    def test_what_reached_sqs_after_the_moment_lands_once_all_the_same(self):
        service = self.start(self.settings)
        self.sqs_goes()
        names = [f"spooled-{number}" for number in range(30)]
        self.post(service, *(event(name) for name in names))
        wait_until(lambda: self.spooled(service) == len(names), "all of them in the spool")
        self.backup("copy", DONE, **self.settings)
        holder = self.take_secondary_away()  # so that they stay in SQS, or are owed
        self.sqs_comes_back()
        wait_until(lambda: self.spooled(service) == 0, "all of them in SQS")
        service.kill()
        holder.rollback()
        holder.close()
        restored = self.restore()
        self.assert_each_lands_once(restored, names)
        self.command(DONE, "verify", **self.settings)
        self.assertEqual(restored.stop(), 0)


if __name__ == "__main__":
    unittest.main()
