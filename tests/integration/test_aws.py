"""The set-up guide on AWS's stand-ins: steps 4 to 7 as written, and its three common issues."""

import json
import unittest

from aws import AwsTest
from harness import GUIDE_EVENT, wait_until
from silent_hosts import unreachable

POLICY_ACTIONS = ("redshift-data:ExecuteStatement", "redshift-data:DescribeStatement", "redshift-data:GetStatementResult")


class Guide(AwsTest):
    def test_steps_4_and_5(self):
        service = self.start(self.guide())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        lines = {t: service.wait_log(lambda l, t=t: l.get("msg") == f"Data successfully inserted into {t} Redshift") for t in ("primary", "secondary")}
        for target, line in lines.items():
            self.assertEqual((line["level"], line["target"], line["rows"]), ("info", target, 1))
            told = self.apis[target].order("statements", database=self.database)
            self.assertIn(line["statementId"], json.dumps(told), "the Data API's own id of the statement")
        rows = [self.psql(t, "SELECT event_name, event_time, app_id, customer_user_id, platform FROM appsflyer_events WHERE appsflyer_id = 'test-123'")
                for t in ("primary", "secondary")]
        self.assertEqual(rows, ["test_dual_write|2024-01-01 12:00:00|com.test.app|test_user_123|ios"] * 2)
        wait_until(lambda: self.waiting() == 0, "the message to be deleted")
        same = self.run_command("query", "SELECT appsflyer_id, event_name FROM appsflyer_events", settings=self.guide())
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        self.assertEqual(service.stop(), 0)

    def test_a_new_secondarys_first_event_takes_no_detour(self):
        self.apis["secondary"].fault("statement_slow", ms=1000, statement_contains="create table")
        service = self.start(self.guide())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        line = service.wait_log(lambda l: l.get("msg") == "Data successfully inserted into secondary Redshift")
        self.assertNotIn("fromBacklog", line)

    def test_the_same_event_again_stands_once(self):
        service = self.start(self.guide())
        for number in range(3):
            for _ in range(2):
                self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"twice-{number}")).status, 200)
        self.wait_each_once([f"twice-{number}" for number in range(3)])
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="twice-0")).status, 200)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="new")).status, 200)
        self.wait_each_once(["twice-0", "new"])
        wait_until(lambda: self.waiting() == 0, "all messages to be deleted")

    def test_issue_1_connection_timeout(self):
        # An address that answers nothing: the listener's backlog is full, so a connection is never taken.
        with unreachable() as url:
            service = self.start(self.guide(SECONDARY_REDSHIFT_ENDPOINT=url))
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="timeout")).status, 200)
            line = service.wait_log(lambda l: "Connection timeout when connecting to secondary Redshift" in l.get("error", ""))
            self.assertEqual(line["target"], "secondary")
            self.assertIn("port 443", line["hint"])
            self.wait_each_once(["timeout"], targets=["primary"])
            wait_until(lambda: self.waiting() == 0, "the message to be deleted: the primary has it and the debt is durable")
            self.assertEqual(service.request("GET", "/health").status, 200)

    def test_issue_2_permission_denied(self):
        for action in ("BatchExecuteStatement", "DescribeStatement"):
            with self.subTest(action):
                self.apis["secondary"].order("reset")
                self.apis["secondary"].fault("access_denied", operation=action)
                service = self.start(self.guide())
                self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"denied-{action}")).status, 200)
                line = service.wait_log(lambda l, a=action: f"User is not authorized to perform: redshift-data:{a}" in l.get("error", ""))
                self.assertEqual(line["target"], "secondary")
                self.assertIn("policy", line["hint"])
                self.wait_each_once([f"denied-{action}"], targets=["primary"])
                self.apis["secondary"].fault("off")
                self.wait_each_once([f"denied-{action}"])
                self.assertEqual(service.stop(), 0)

    def test_issue_3_the_secondary_fails_and_the_primary_succeeds(self):
        service = self.start(self.guide())
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before")).status, 200)
        self.wait_each_once(["before"])
        self.servers["secondary"].stop()
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="alone")).status, 200)
        service.wait_log(lambda l: l.get("msg") == "Failed to insert data into secondary Redshift")
        self.wait_each_once(["alone"], targets=["primary"])
        wait_until(lambda: self.waiting() == 0, "the message to be deleted (since primary succeeded)")
        self.assertEqual(json.loads(service.request("GET", "/health").body)["status"], "ok")
        self.servers["secondary"].start()
        self.wait_each_once(["before", "alone"])

    def test_step_7_the_toggle(self):
        service = self.start(self.guide(SECONDARY_REDSHIFT_ENABLED="false"))
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="off")).status, 200)
        self.wait_each_once(["off"], targets=["primary"])
        wait_until(lambda: self.waiting() == 0, "the message to be deleted")
        self.assertEqual(service.stop(), 0)
        self.assertEqual(self.apis["secondary"].order("stats").get("calls", {}), {})
        service = self.start(self.guide())
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="on")).status, 200)
        self.wait_each_once(["on"])
        self.assertNotIn("off", self.landed("secondary"))

    def test_with_no_place_for_debts_nothing_is_deleted_before_the_secondary_has_it(self):
        service = self.start(self.guide(TWINSHIFT_DATA_DURABLE="false"))
        service.wait_log(lambda l: "only after the secondary has committed" in l.get("msg", ""))
        self.apis["secondary"].fault("refuse")
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="kept")).status, 200)
        self.wait_each_once(["kept"], targets=["primary"])
        self.assertEqual(self.waiting(), 1)
        self.apis["secondary"].fault("off")
        self.wait_each_once(["kept"])
        wait_until(lambda: self.waiting() == 0, "the message to be deleted")


if __name__ == "__main__":
    unittest.main()
