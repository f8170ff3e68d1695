"""Killed at every step of a queue in SQS, of its spool, and of a batch that goes through the Redshift Data API; all on stand-ins."""

import unittest

from aws import AwsTest
from harness import wait_until
from killing import BEGINNING, EmbeddedKilling, Killing
from killing_books import BooksKilling, OnServers
from killing_changes import ChangesKilling
from servers import DataApi, PostgresServer, SqsServer

SQS = ("queue.sqs.send.before", "queue.sqs.send.after", "queue.sqs.receive.after", "queue.sqs.delete.before", "queue.sqs.delete.after")
SPOOL_PUT = ("queue.spool.put.before", "queue.spool.put.after")
SPOOL_MOVE = ("queue.spool.move.before", "queue.spool.move.after")
DATA_API = ("warehouse.redshift_data.before_send", "warehouse.redshift_data.accepted", "warehouse.redshift_data.after_commit")
LOST_ANSWER = "warehouse.redshift_data.after_commit"
MARKER = ("warehouse.redshift_data.find_marker",)
PRUNE = ("warehouse.redshift_data.prune.after_commit",)
PUBLISH = ("warehouse.redshift_data.publish.after_commit",)
ERASING = ("warehouse.redshift_data.erase.after_commit",)
NAMES = (*SQS, *SPOOL_PUT, *SPOOL_MOVE, *DATA_API, *MARKER, *PRUNE, *PUBLISH, *ERASING)


class Batch(OnServers, BooksKilling, ChangesKilling, Killing, AwsTest):
    """The guide's two clusters behind the embedded queue: its leases end with the process, so no kill waits for a visibility time-out."""

    compares = False  # takes seconds by the Data API; test_kill_postgres.py does it

    def settings(self):
        return {name: value for name, value in self.guide().items() if name != "SQS_QUEUE_URL"}

    def inserted(self, target, since=BEGINNING):
        return int(self.psql(target, f"SELECT coalesce(sum(inserted), 0) FROM twinshift_loads WHERE written_at >= '{since}'"))

    def test_at_each_step(self):
        self.begin()
        self.burst()
        self.wait_settled()  # its tables are made: what is sent from here on is batches
        for name in DATA_API:
            self.die_at(name)
            self.recover()
        self.kill_while_erasing(ERASING)
        self.assertEqual(self.service.stop(), 0)

    def test_while_an_answer_is_lost(self):
        self.begin()
        self.order(f"{LOST_ANSWER}=error")
        self.burst()
        self.wait_acted(f"{LOST_ANSWER} error")
        self.wait_settled()
        self.check()
        for name in MARKER:
            self.die_at(name, f"{LOST_ANSWER}=error")
            self.recover()


    def test_while_old_markers_are_removed(self):
        self.kill_while_removing(PRUNE)

    def test_while_the_books_are_published(self):
        self.kill_while_publishing(PUBLISH)


class Queue(EmbeddedKilling):
    """SQS behind the front that fails on demand; warehouses in files."""

    counts_arrivals = False  # in memory, until the books take them

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = PostgresServer()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.sqs = SqsServer()
        cls.addClassCleanup(cls.sqs.stop)
        cls.aws = DataApi(cls.server, sqs=cls.sqs)
        cls.addClassCleanup(cls.aws.stop)

    def setUp(self):
        super().setUp()
        self.aws.order("reset")
        name = self.id().rsplit(".", 1)[-1].replace("_", "-")
        self.direct = self.sqs.create_queue(name, VisibilityTimeout=30)
        self.url = self.aws.queue_url(name)
        self.owed_url = ""

    def settings(self):
        return {**super().settings(), **self.aws.credentials(), "AWS_REGION": "us-east-1", "SQS_QUEUE_URL": self.url, "SQS_SPOOL": "true",
                "TWINSHIFT_DATA_DURABLE": "true", "QUEUE_LEASE_TIMEOUT": "5s", "SECONDARY_BACKLOG_QUEUE_URL": self.owed_url}

    def waiting(self, url):
        """Visible, in flight and delayed."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
        told = self.sqs.call("GetQueueAttributes", QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return sum(int(told[name]) for name in names)

    def queue_depth(self):
        return self.spooled() + self.waiting(self.direct)

    def owed(self):
        return self.waiting(self.owed_url) if self.owed_url else super().owed()

    def spooled(self):
        return self.parts()["queue"].get("spooled", 0)

    def sending_fails(self):
        self.aws.fault("error_5xx", service="sqs", operation="SendMessageBatch", times=1_000_000)

    def test_at_each_step(self):
        self.begin()
        for name in SQS:
            self.die_at(name)
            self.recover()
        self.assertEqual(self.service.stop(), 0)

    def test_while_the_spool_takes_events(self):
        self.begin()
        for name in SPOOL_PUT:
            self.sending_fails()
            self.die_at(name)
            self.aws.fault("off")
            self.recover()

    def test_while_the_spool_is_moved(self):
        self.begin()
        for name in SPOOL_MOVE:
            self.case = name
            self.sending_fails()
            self.burst()
            wait_until(lambda: self.spooled() > 0, "events in the spool")
            self.order(f"{name}=kill")
            self.aws.fault("off")
            self.wait_killed(name, nudge=False)
            self.recover()

    def test_while_debts_wait_in_a_queue(self):
        self.owed_url = self.sqs.create_queue("owed", VisibilityTimeout=30)
        self.begin()
        self.burst()
        self.wait_settled()
        release = self.hold_secondary()
        self.die_at("backlog.park.after")
        release()
        self.recover()
        release = self.hold_secondary()
        self.burst()
        self.wait_owed()
        self.order("backlog.erase.before=kill")
        release()
        self.wait_killed("backlog.erase.before", nudge=False)
        self.recover()


del Killing, AwsTest, EmbeddedKilling  # no test cases of their own
if __name__ == "__main__":
    unittest.main()
