"""The quarantine in an SQS queue (QUARANTINE_QUEUE_URL): it outlives the container, and commands reach it from anywhere."""

import json
import os
import unittest

from harness import GUIDE_EVENT, wait_until
from servers import TABLE, PostgresTest, SqsServer

REFUSED = "refuse-me-4711"
CHECK = f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> '{REFUSED}') NOT VALID"
MEND = f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret"
LIST_SECONDS = 60  # a sweep waits for what does not come, and for what another one gives back


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class QuarantineQueue(PostgresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sqs = SqsServer()
        cls.addClassCleanup(cls.sqs.stop)

    def setUp(self):
        super().setUp()
        self.queues = {name: self.sqs.create_queue(f"{name}-{self.database}", MessageRetentionPeriod=1_209_600)
                       for name in ("events", "owed", "refused")}

    def settings(self, container):
        """Of one container: its data folder is gone with it."""
        return self.urls(AWS_REGION="us-east-1", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
                         SQS_QUEUE_URL=self.queues["events"], SECONDARY_BACKLOG_QUEUE_URL=self.queues["owed"],
                         QUARANTINE_QUEUE_URL=self.queues["refused"], TWINSHIFT_DATA_DIR=os.path.join(self.folder, container))

    def waiting(self, name):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.call("GetQueueAttributes", QueueUrl=self.queues[name], AttributeNames=names)["Attributes"]
        return sum(int(told[each]) for each in names)

    def send(self, service, *events):
        for each in events:
            self.assertEqual(service.post(each).status, 200)

    def run_quarantine(self, container, *arguments, code=0):
        done = self.run_command("quarantine", *arguments, settings=self.settings(container), timeout=LIST_SECONDS)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def records(self, container):
        text = self.run_quarantine(container, "list", "--format", "json").stdout
        return [json.loads(line) for line in text.splitlines()]

    def refuse(self, service, name, *targets):
        """The event is in the quarantine of each of these targets; its neighbours have landed."""
        self.send(service, event(f"before-{name}"))
        self.wait_each_once([f"before-{name}"])
        for target in targets:
            self.psql(target, CHECK)
        kept = self.waiting("refused") + len(targets)
        self.send(service, event(name, campaign=REFUSED))
        sent = []

        def one_more():  # a refusal is believed once another row was inserted after it
            sent.append(f"after{len(sent)}-{name}")
            self.send(service, event(sent[-1]))
            return self.waiting("refused") >= kept
        wait_until(one_more, f"{name} in the quarantine")
        for target in targets:
            self.psql(target, MEND)
        self.wait_each_once(sent)

    def quarantined(self, service, target):
        return service.request("GET", "/ready").json()["parts"][target]["quarantined"]

    def test_it_outlives_the_container_and_a_replay_lands_it(self):
        service = self.start(self.settings("first"))
        self.refuse(service, "bad", "primary", "secondary")
        self.assertEqual((self.quarantined(service, "primary"), self.quarantined(service, "secondary")), (1, 1))
        self.assertEqual(service.stop(), 0)
        service = self.start(self.settings("second"))
        wait_until(lambda: self.quarantined(service, "primary") == 1 and self.quarantined(service, "secondary") == 1, "/ready to count them")
        records = self.records("second")
        self.assertEqual(sorted((r["target"], r["errorClass"], r["bothSides"]) for r in records),
                         [("primary", "23514", True), ("secondary", "23514", True)])
        self.assertEqual(records[0]["event"], event("bad", campaign=REFUSED))
        self.assertIn("2 of 2 records sent", self.run_quarantine("second", "replay", "--all").stdout)
        self.wait_each_once(["bad"])
        self.assertEqual(self.waiting("refused"), 0)
        self.assertEqual((self.quarantined(service, "primary"), self.quarantined(service, "secondary")), (0, 0))
        self.assertEqual(service.stop(), 0)

    def test_commands_reach_it_away_from_the_service(self):
        service = self.start(self.settings("first"))
        self.refuse(service, "one", "primary")
        self.refuse(service, "two", "secondary")
        self.refuse(service, "three", "secondary")
        self.assertEqual(service.stop(), 0)
        numbers = {r["event"]["appsflyer_id"]: str(r["id"]) for r in self.records("elsewhere")}
        self.assertEqual(sorted(numbers), ["one", "three", "two"])
        self.assertEqual(json.loads(self.run_quarantine("elsewhere", "show", numbers["two"]).stdout)["target"], "secondary")
        self.assertIn("1 of 1 records dropped", self.run_quarantine("elsewhere", "drop", "--yes", numbers["three"]).stdout)
        self.run_quarantine("elsewhere", "show", numbers["three"], code=1)
        self.assertIn("2 of 2 records sent", self.run_quarantine("elsewhere", "replay", numbers["one"], numbers["two"]).stdout)
        self.assertEqual((self.waiting("events"), self.waiting("owed"), self.waiting("refused")), (1, 1, 0))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "elsewhere")), "nothing is made where nobody would drain it")
        service = self.start(self.settings("second"))
        self.wait_each_once(["one", "two"])
        self.assertNotIn("three", self.landed("secondary"))
        self.assertEqual(service.stop(), 0)

    def test_what_is_not_ours_stays(self):
        self.sqs.call("SendMessage", QueueUrl=self.queues["refused"], MessageBody="hello")
        done = self.run_quarantine("elsewhere", "list")
        self.assertEqual(done.stdout, "nothing is in the quarantine\n")
        self.assertIn("not of this version's writing", done.stderr)
        self.assertIn("0 of 0 records", self.run_quarantine("elsewhere", "drop", "--all", "--yes").stdout)
        self.assertEqual(self.waiting("refused"), 1)


if __name__ == "__main__":
    unittest.main()
