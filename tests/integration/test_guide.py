"""The set-up guide's steps 5.1 to 5.4, 6 and 7, as written there."""

import json
import subprocess
import unittest

from harness import GUIDE_EVENT, ServiceTest

GUIDE_CURL_BODY = """{
    "appsflyer_id": "test-123",
    "event_name": "test_dual_write",
    "event_time": "2024-01-01 12:00:00",
    "app_id": "com.test.app",
    "customer_user_id": "test_user_123",
    "platform": "ios"
  }"""

GUIDE_QUERY = """SELECT * FROM appsflyer_events
WHERE appsflyer_id = 'test-123'
ORDER BY event_time DESC
LIMIT 1;"""


class Guide(ServiceTest):
    def curl(self, service):
        done = subprocess.run(
            ["curl", "-sS", "-X", "POST", f"http://localhost:{service.port}/webhook/appsflyer", "-H", "Content-Type: application/json",
             "-d", GUIDE_CURL_BODY], capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    def test_steps_5_1_to_5_4(self):
        service = self.start()
        answer = self.curl(service)
        self.assertEqual(sorted(answer), ["messageId", "success", "timestamp"])
        self.assertIs(answer["success"], True)
        self.assertRegex(answer["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        for target in ("primary", "secondary"):
            line = service.wait_log(lambda l, t=target: l.get("msg") == f"Data successfully inserted into {t} SQLite")
            self.assertEqual(line["level"], "info")
            self.assertEqual(line["target"], target)
            self.assertTrue(line["statementId"])
            self.assertEqual(line["rows"], 1)
            self.assertIn("durationMs", line)
            self.assertGreater(line["time"], 1_700_000_000_000)
        both = self.run_command("query", GUIDE_QUERY)
        self.assertEqual(both.returncode, 0, both.stderr + both.stdout)
        self.assertIn("test_dual_write", both.stdout)
        for target in ("primary", "secondary"):
            one = self.run_command("query", GUIDE_QUERY, "--target", target, "--format", "json")
            self.assertEqual(one.returncode, 0, one.stderr)
            rows = json.loads(one.stdout)
            self.assertEqual(len(rows), 1)
            for name, value in GUIDE_EVENT.items():
                self.assertEqual(rows[0][name], value)
        self.assertEqual(service.stop(), 0)

    def test_step_6_health_is_exact(self):
        service = self.start()
        answer = service.request("GET", "/health")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.body.decode(), r'^\{"status":"ok","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","consumer":"enabled"\}$')
        head = service.request("HEAD", "/health")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_consumer_disabled(self):
        service = self.start({"ENABLE_SQS_CONSUMER": "false"})
        self.assertEqual(service.request("GET", "/health").json()["consumer"], "disabled")
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.assertEqual(service.stop(), 0)
        self.assertEqual(service.count("primary"), 0)
        # What was taken meanwhile lands once the consumer is there.
        service = self.start()
        service.wait_landed(1)

    def test_step_7_secondary_off_then_on(self):
        service = self.start({"SECONDARY_REDSHIFT_ENABLED": "false"})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1, ("primary",))
        self.assertEqual(service.count("secondary"), 0)
        self.assertEqual(service.stop(), 0)
        service = self.start()
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="after")).status, 200)
        # Neither lane waits for the other, so either may be first.
        service.wait_landed(2, ("primary",))
        service.wait_landed(1, ("secondary",))
        self.assertEqual(service.count("secondary"), 1)


if __name__ == "__main__":
    unittest.main()
