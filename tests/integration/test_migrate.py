"""docs/migrate-from-node.md done for real on stand-ins: a predecessor that was ended half-way, its table and queue taken over, what both landed found and
removed by the page's own statements, its metric filters, and the way back."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import unittest

from aws import PRIMARY, SECONDARY, AwsTest
from harness import GUIDE_EVENT, PATIENCE_SECONDS, wait_until
from servers import TABLE

from node import script

HERE = pathlib.Path(__file__).resolve().parent
PAGE = (HERE.parents[1] / "docs" / "migrate-from-node.md").read_text(encoding="utf-8")
PREDECESSOR_TABLE = (HERE / "predecessor_table.sql").read_text(encoding="utf-8")
PLACES = {"primary": PRIMARY, "secondary": SECONDARY}
FILTER = re.compile(r"--filter-pattern '\{ \$\.(\w+) = \"([^\"]+)\" \}' \\\n\s+--metric-transformations metricName=(\w+),metricNamespace=\w+,metricValue='?([^',\s]+)")


def block(heading, number=0):
    """The page's fenced text below a heading: its `number`th."""
    part = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```\w*\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)[number]


def metric_filters(heading, number):
    """Of the page's `aws logs put-metric-filter` commands: metric -> (field, its text, value)."""
    return {metric: (field, text, value) for field, text, metric, value in FILTER.findall(block(heading, number))}


def metric_sum(lines, field, text, value):
    """What CloudWatch makes of log lines by such a filter."""
    matching = [line for line in lines if line.get(field) == text]
    return sum(line[value[2:]] if value.startswith("$.") else int(value) for line in matching)


class MigrateTest(AwsTest):
    def setUp(self):
        super().setUp()
        for target, place in PLACES.items():
            self.predecessor("run", self.apis[target].url, *place, self.database, PREDECESSOR_TABLE)

    def predecessor(self, *words, given=""):
        environment = {**os.environ, **self.apis["primary"].credentials()}
        done = subprocess.run([*script("predecessor.mjs"), *words], input=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
                              env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def its_webhook(self, events):
        self.predecessor("send", self.sqs.url, self.queue, given="\n".join(json.dumps(event) for event in events))

    def its_consumer(self, half_done=0):
        """Lands all that waits; the receipts of what it did not delete."""
        places = [word for target, place in PLACES.items() for word in (self.apis[target].url, *place)]
        return self.predecessor("consume", self.sqs.url, self.queue, self.database, str(half_done), *places)

    def time_out(self, receipts):
        """The visibility time-out of what it had in hand passes."""
        for receipt in receipts:
            self.sqs.call("ChangeMessageVisibility", QueueUrl=self.queue, ReceiptHandle=receipt, VisibilityTimeout=0)

    def take_over_tables(self, settings):
        """By the page's command; both at once, as there are many statements."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for done in pool.map(lambda target: self.run_command("schema", "--target", target, "--apply", settings=settings), PLACES):
                self.assertEqual(done.returncode, 0, done.stderr)

    def query(self, settings, sql):
        """By the page's command; the answer of both targets, which must be the same."""
        done = self.run_command("query", sql, "--format", "json", settings=settings)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class Migrate(MigrateTest):
    """One way there and back: taking the tables over is what takes the time."""

    def test_there_and_back(self):
        settings = self.guide(REDSHIFT_DATA_CALLS_PER_SECOND="1000")
        half_done = self.leave_half_done(3)
        self.take_over_tables(settings)
        service = self.take_over(settings, half_done)
        doubled = {f"half-{n}" for n in range(3)}
        with self.subTest("what both landed"):
            self.check_doubled(settings, doubled)
        with self.subTest("verify"):
            self.check_verify(settings)
        with self.subTest("trace"):
            traced = self.run_command("trace", "ours-0", settings=settings)
            self.assertEqual(traced.returncode, 0, traced.stdout + traced.stderr)
            self.assertIn("landed", traced.stdout)
        self.assertEqual(service.stop(), 0)
        with self.subTest("metric filters"):
            self.check_metric_filters(service.lines, events=9)  # three half-done, five by our webhook, one that was left
        with self.subTest("debts without the queue"):
            self.check_debts_without_the_queue(settings)
        with self.subTest("back again"):
            self.check_back_again(settings)

    def leave_half_done(self, half_done):
        """The Node service has landed nine events, deleted the messages of all but `half_done`, and ended. Their receipts."""
        self.its_webhook([event(f"node-{n}") for n in range(5)] + [event("alike", event_revenue=1.5)] + [event(f"half-{n}") for n in range(half_done)])
        receipts = self.its_consumer(half_done)
        self.assertEqual(len(receipts), half_done)
        columns = "appsflyer_id, event_name, event_time, customer_user_id"
        for target in PLACES:  # what it doubled by itself, the move did not
            self.psql(target, f"INSERT INTO {TABLE} ({columns}) SELECT {columns} FROM {TABLE} WHERE appsflyer_id = 'node-0'")
        return receipts

    def take_over(self, settings, half_done):
        """The page's steps under "Over", until the queue is empty: the service that consumes."""
        service = self.start({**settings, "ENABLE_SQS_CONSUMER": "false"})
        for moved in [event(f"ours-{n}") for n in range(4)] + [event("alike", event_revenue=2.5)]:
            self.assertEqual(service.post(moved).status, 200)
        self.its_webhook([event("left")])
        self.assertEqual(service.stop(), 0)
        self.time_out(half_done)
        service = self.start(settings)
        wait_until(lambda: self.waiting() == 0, "the queue to be empty")
        return service

    def more_than_once(self, target):
        return {name: count for name, count in self.landed(target).items() if count > 1}

    def check_doubled(self, settings, doubled):
        """The page's query finds these and no others; its suggestion leaves one of each, ours."""
        for target in PLACES:
            self.assertEqual(self.more_than_once(target).keys(), doubled | {"alike", "node-0"}, target)
        found = self.query(settings, block("What both landed", 0))
        self.assertEqual(set(re.findall(r"\b(?:half-\d|node-\d|ours-\d|left|alike)\b", found)), doubled)
        for target in PLACES:
            self.psql(target, block("What both landed", 1))
            self.assertEqual(self.more_than_once(target), {"alike": 2, "node-0": 2}, target)
            self.assertEqual(self.psql(target, f"SELECT count(*) FROM {TABLE} WHERE appsflyer_id LIKE 'half-%' AND event_id IS NULL"), "0")
        self.assertNotIn("half-0", self.query(settings, block("What both landed", 0)))

    def check_verify(self, settings):
        """What the Node service landed has no identity: it is counted, no difference, and not compared."""
        told = self.run_command("verify", "--deep", "--format", "json", settings=settings)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        answer = json.loads(told.stdout)
        self.assertEqual((answer["findings"], answer["verdict"]), ([], "equal"))
        for target in PLACES:
            theirs = int(self.psql(target, f"SELECT count(*) FROM {TABLE} WHERE event_id IS NULL"))
            self.assertGreater(theirs, 0)
            self.assertEqual(answer["withoutEventId"][target], theirs)
        self.assertIn(GUIDE_EVENT["event_name"], self.query(settings, block("Its rows, verify and the audit", 0)))
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE event_id IS NULL AND appsflyer_id = 'node-1'")
        less = self.run_command("verify", settings=settings)
        self.assertEqual(less.returncode, 0, less.stdout + less.stderr)
        self.assertIn("which of them one side lacks only their values can tell", less.stdout)

    def check_metric_filters(self, lines, events):
        """By the new ones what landed, on each side; by the old ones less, as they count batches."""
        for target in PLACES:
            self.assertEqual(self.psql(target, f"SELECT count(*) FROM {TABLE} WHERE event_id IS NOT NULL"), str(events), target)
        old, new = metric_filters("Metric filters", 0), metric_filters("Metric filters", 1)
        self.assertEqual([sorted(old), sorted(new)], [["InsertedPrimary", "InsertedSecondary"]] * 2)
        for metric, given in new.items():
            self.assertEqual(metric_sum(lines, *given), events, metric)
            self.assertLess(metric_sum(lines, *old[metric]), events, metric)

    def check_debts_without_the_queue(self, settings):
        """What the secondary is owed is paid by a start without SQS_QUEUE_URL, which takes nothing of the queue."""
        self.apis["secondary"].fault("refuse")
        service = self.start(settings)
        self.assertEqual(service.post(event("late")).status, 200)
        wait_until(lambda: "late" in self.landed("primary") and self.waiting() == 0, "the event to be owed to the secondary")
        self.assertEqual(service.stop(), 0)
        self.apis["secondary"].fault("off")
        self.its_webhook([event("theirs")])
        service = self.start({**settings, "SQS_QUEUE_URL": ""})
        wait_until(lambda: self.landed("secondary").get("late") == 1, "the debt to be paid")
        wait_until(lambda: json.loads(service.request("GET", "/ready").body)["parts"]["secondary"]["owed"] == 0, "nothing to be owed")
        self.assertEqual((self.waiting(), service.stop()), (1, 0))
        self.assertEqual(self.its_consumer(), [])
        self.assertEqual([self.landed(target).get("theirs") for target in PLACES], [1, 1])

    def check_back_again(self, settings):
        """What waits at Twinshift's end, and what comes afterwards, the Node service lands, into the same tables."""
        service = self.start({**settings, "ENABLE_SQS_CONSUMER": "false"})
        back = [f"back-{n}" for n in range(3)]
        for name in back:
            self.assertEqual(service.post(event(name)).status, 200)
        self.assertEqual(service.stop(), 0)
        self.its_webhook([event("again")])
        self.assertEqual(self.its_consumer(), [])
        self.assertEqual(self.waiting(), 0)
        for target in PLACES:
            rows = self.psql(target, f"SELECT appsflyer_id, count(*), count(event_id) FROM {TABLE} WHERE appsflyer_id ~ '^(back-|again)' GROUP BY 1 ORDER BY 1")
            self.assertEqual(rows.split(), [f"{name}|1|0" for name in ["again", *back]], target)


if __name__ == "__main__":
    unittest.main()
