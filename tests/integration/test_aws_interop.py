"""Beside the Node service: its messages are taken, ours are such as it could take, and its way to read finds our rows. By the AWS SDK's own
clients."""

import json
import os
import subprocess
import unittest

from aws import PRIMARY, AwsTest
from harness import GUIDE_EVENT, PATIENCE_SECONDS, wait_until

from node import script


def predecessor(*words, given=""):
    done = subprocess.run([*script("predecessor.mjs"), *words], input=given, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
                          env={**os.environ, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", **AwsTest.apis["primary"].credentials()})
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class Interop(AwsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        AwsTest.apis = cls.apis

    def test_what_the_predecessor_left_in_the_queue_is_taken(self):
        events = [dict(GUIDE_EVENT, appsflyer_id=f"left-{number}", customer_user_id="Grüße \\ 'quoted'") for number in range(12)]
        predecessor("send", self.sqs.url, self.queue, given="\n".join(json.dumps(event) for event in events))
        self.start(self.guide())
        self.wait_each_once([event["appsflyer_id"] for event in events])
        wait_until(lambda: self.waiting() == 0, "the queue to be empty")

    def test_both_send_and_the_same_event_stands_once(self):
        event = dict(GUIDE_EVENT, appsflyer_id="both")
        service = self.start(self.guide())
        self.assertEqual(service.post(event).status, 200)
        self.wait_each_once(["both"])
        predecessor("send", self.sqs.url, self.queue, given=json.dumps(event) + "\n" + json.dumps(dict(GUIDE_EVENT, appsflyer_id="after")))
        self.wait_each_once(["both", "after"])

    def test_its_consumer_could_read_our_messages(self):
        service = self.start(self.guide(ENABLE_SQS_CONSUMER="false"))
        body = '{"appsflyer_id": "ours",  "n": 1.50, "text": "\\u00e4 \\"x\\""}'
        answer = service.post(body).json()
        told = json.loads(predecessor("take", self.sqs.url, self.queue))
        self.assertEqual(told["source"], "AppsFlyer")
        self.assertEqual(told["id"], answer["messageId"])
        self.assertRegex(told["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$")
        self.assertEqual(told["data"], json.loads(body))

    def test_its_way_to_read_finds_our_rows(self):
        service = self.start(self.guide())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"])
        told = json.loads(predecessor("rows", self.apis["primary"].url, *PRIMARY, self.database,
                                      "SELECT appsflyer_id, event_name, event_time, event_value FROM appsflyer_events WHERE appsflyer_id = 'test-123'"))
        self.assertEqual([(row["appsflyer_id"], row["event_name"], row["event_value"]) for row in told], [("test-123", "test_dual_write", None)])
        self.assertTrue(told[0]["event_time"].startswith("2024-01-01 12:00:00"))


if __name__ == "__main__":
    unittest.main()
