"""Several instances on one queue: one killed, one frozen for longer than the visibility time-out; each event once on both sides."""

import json
import os
import signal
import threading
import unittest

from aws import AwsTest
from harness import GUIDE_EVENT, Service, wait_until

LEASE_SECONDS = 5


class Instances(AwsTest):
    """What the secondary owes is in a queue that all share: in files of its own it would wait for the killed one's return."""

    def setUp(self):
        super().setUp()
        owed = self.sqs.create_queue(f"owed-{self.database}", MessageRetentionPeriod=1_209_600)
        self.settings = {"QUEUE_LEASE_TIMEOUT": f"{LEASE_SECONDS}s", "SECONDARY_BACKLOG_QUEUE_URL": owed, "TWINSHIFT_DATA_DURABLE": "false",
                         "QUARANTINE_QUEUE_URL": self.sqs.create_queue(f"refused-{self.database}")}

    def start_more(self, count, **settings):
        """Instances with a data folder of their own."""
        services = []
        for number in range(count):
            folder = os.path.join(self.folder, f"instance-{number}")
            os.makedirs(folder)
            services.append(Service(folder, self.guide(**self.settings, **settings)))
        self.services += services
        for service in services:
            service.wait_started()
        return services

    def post_all(self, services, names):
        def send(service, mine):
            for name in mine:
                self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        threads = [threading.Thread(target=send, args=(service, names[at::len(services)])) for at, service in enumerate(services)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_one_killed_and_one_frozen(self):
        intake, *consumers = self.start_more(4)
        names = [f"n-{number}" for number in range(900)]
        self.post_all([intake], names[:300])
        wait_until(lambda: self.landed("primary"), "a first row")
        consumers[0].process.kill()
        consumers[1].process.send_signal(signal.SIGSTOP)
        try:
            self.post_all([intake, consumers[2]], names[300:])
            # What the frozen one holds is lent to others only once its time-out is over.
            self.wait_each_once(names)
        finally:
            consumers[1].process.send_signal(signal.SIGCONT)
        self.post_all([intake], ["after"])
        self.wait_each_once([*names, "after"])
        wait_until(lambda: self.waiting() == 0, "the queue to be empty", 2 * LEASE_SECONDS + 60)
        self.wait_each_once(names)
        self.assertEqual(self.waiting(self.dlq), 0)

    def test_the_killed_ones_batch_goes_on_in_the_database_meanwhile(self):
        first, second = self.start_more(2)
        self.post_all([first], ["warm"])
        self.wait_each_once(["warm"])
        second.stop()
        for api in self.apis.values():
            api.fault("statement_slow", ms=4_000, times=1, statement_contains="insert into twinshift_stage", database=self.database)
        names = [f"m-{number}" for number in range(40)]
        self.post_all([first], names)
        wait_until(lambda: self.apis["primary"].order("stats", database=self.database)["active"] > 0, "a batch under way in the database")
        first.process.kill()
        [third] = self.start_more_named("third")
        self.wait_each_once([*names, "warm"])
        wait_until(lambda: self.apis["primary"].order("stats", database=self.database)["active"] == 0, "the killed one's batch to end")
        self.post_all([third], ["after"])
        self.wait_each_once([*names, "warm", "after"])

    def books(self, service, *more):
        done = self.run_command("books", "--format", "json", *more, settings=self.guide(**self.settings, TWINSHIFT_DATA_DIR=service.data))
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)  # 1: the tables are not there yet
        return json.loads(done.stdout)

    def sums(self, service):
        """Target -> received, landed and residual, and the states of its hours."""
        sums = {}
        for row in self.books(service):
            target = sums.setdefault(row["target"], [0, 0, 0, set()])
            for at, side in enumerate(("received", "landed", "residual")):
                target[at] += int(row[side])
            target[3].add(row["state"])
        return sums

    def test_each_ones_books_close_with_what_the_others_have_published(self):
        """A stop publishes what is new, so nobody has to wait for an interval."""
        settings = {"BOOKS_INTERVAL": "1s"}
        services = self.start_more(2, **settings)
        names = [f"b-{number}" for number in range(60)]
        self.post_all([services[0]], names[:20])
        self.post_all([services[1]], names[20:])
        self.wait_each_once(names)
        wait_until(lambda: self.waiting() == 0, "the queue to be empty", 2 * LEASE_SECONDS + 60)
        for service in services:
            self.assertEqual(service.stop(), 0, service.lines[-5:])
        published = {}
        for row in self.books(services[0], "--instances"):
            received = published.setdefault((row["target"], row["instance"]), 0)
            published[row["target"], row["instance"]] = received + int(row["received"])
        for target in ("primary", "secondary"):
            self.assertEqual(sorted(count for (of, _), count in published.items() if of == target), [20, 40])
        again = [self.start_more_named(f"instance-{number}", **settings)[0] for number in range(2)]
        expected = {target: [60, 60, 0, {"closed"}] for target in ("primary", "secondary")}
        for service in again:
            wait_until(lambda: self.sums(service) == expected, f"the books to close, now {self.sums(service)}")

    def start_more_named(self, name, **settings):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, exist_ok=True)
        service = Service(folder, self.guide(**self.settings, **settings))
        self.services.append(service)
        return [service.wait_started()]


if __name__ == "__main__":
    unittest.main()
