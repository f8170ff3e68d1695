"""Commands run in a container of their own, as a one-off task on Fargate is (deploy/cloudformation/one-off): with the service's settings, queues and
rights, and no part of its disk."""

import concurrent.futures
import os
import unittest

from aws import AwsTest
from harness import GUIDE_EVENT, Service
from servers import TABLE


class Elsewhere(AwsTest):
    def setUp(self):
        super().setUp()
        fourteen_days = {"MessageRetentionPeriod": 1_209_600, "VisibilityTimeout": 60}
        self.settings = {"SECONDARY_BACKLOG_QUEUE_URL": self.sqs.create_queue(f"owed-{self.database}", **fourteen_days), "TWINSHIFT_DATA_DURABLE": "false",
                         "QUARANTINE_QUEUE_URL": self.sqs.create_queue(f"refused-{self.database}", **fourteen_days)}
        folder = os.path.join(self.folder, "service")
        os.makedirs(folder)
        self.service = Service(folder, self.guide(**self.settings))
        self.services.append(self.service)
        self.service.wait_started()

    def elsewhere(self, *arguments):
        """The code, and all that was said, of a command whose container is new."""
        self.containers = getattr(self, "containers", 0) + 1
        done = self.run_command(*arguments, settings=self.guide(**self.settings, TWINSHIFT_DATA_DIR=os.path.join(self.folder, f"one-off-{self.containers}")))
        return done.returncode, done.stdout + done.stderr

    def test_what_an_alarm_asks_for_works_there(self):
        names = ("a", "b", "c")
        for name in names:
            self.assertEqual(self.service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        self.wait_each_once(names)
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'b'")
        expected = {
            ("queue", "status"): (0, "quarantine"), ("quarantine", "list"): (0, "nothing is in the quarantine"),
            ("trace", "a", "--from", "2024-01-01", "--to", "2024-02-01"): (0, "landed"), ("schema", "--diff"): (0, "same: both tables"),
            ("query", f"SELECT count(*) FROM {TABLE}"): (3, "the rows differ"), ("repair", "--apply"): (0, "1 copied"),
            ("schema", "--target", "primary", "--apply"): (0, "Nothing to do"), ("queue", "redrive"): (0, "0 messages moved"),
        }
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for (arguments, (code, words)), (got, said) in zip(expected.items(), pool.map(lambda each: self.elsewhere(*each), expected)):
                with self.subTest(arguments):
                    self.assertEqual(got, code, said)
                    self.assertIn(words, said)
        self.wait_each_once(names)

    def test_what_a_container_of_its_own_cannot_know(self):
        for command, words in (("health", "Check that the service runs"), ("books", "Run it where the service runs")):
            code, said = self.elsewhere(command)
            self.assertEqual(code, 1, said)
            self.assertIn(words, said)


if __name__ == "__main__":
    unittest.main()
