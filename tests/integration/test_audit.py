"""The background audit and "identical up to" on the real binary."""

import datetime
import json
import os
import sqlite3
import unittest

from harness import GUIDE_EVENT, ServiceTest, wait_until
from servers import TABLE


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Audit(ServiceTest):
    def go(self, **settings):
        return self.start({"SECONDARY_REDSHIFT_ENABLED": "true", "AUDIT_INTERVAL": "1", **settings})

    @staticmethod
    def parity(service):
        return json.loads(service.request("GET", "/ready").body)["parts"]["parity"]

    def land(self, service, first, last):
        for number in range(first, last):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"p{number}")).status, 200)
        service.wait_landed(last, targets=("primary", "secondary"))

    def wait_up_to(self, service, moment):
        wait_until(lambda: self.parity(service).get("identicalUpTo") and parse(self.parity(service)["identicalUpTo"]) > moment, "parity to move on")

    def lines(self, service, text):
        return [line for line in list(service.lines) if text in line.get("msg", "")]

    def test_it_moves_on_with_equal_audits_and_outlives_a_restart(self):
        service = self.go()
        self.land(service, 0, 20)
        self.wait_up_to(service, datetime.datetime.now(datetime.timezone.utc))
        state = self.parity(service)
        self.assertEqual((state["except"], state["lastAudit"]["verdict"]), (0, "equal"))
        metrics = service.request("GET", "/metrics").body.decode()
        self.assertIn('twinshift_audit_verdict{verdict="equal"} 1', metrics)
        self.assertIn("twinshift_parity_timestamp_seconds", metrics)
        service.stop()
        kept = parse(self.parity(self.go(AUDIT_INTERVAL="1h"))["identicalUpTo"])
        self.assertGreaterEqual(kept, parse(state["identicalUpTo"]))

    def test_a_difference_stops_it_and_is_named_in_the_log(self):
        service = self.go()
        self.land(service, 0, 20)
        self.wait_up_to(service, datetime.datetime.now(datetime.timezone.utc))
        with sqlite3.connect(service.warehouse("secondary"), timeout=30) as database:
            (event_id,) = database.execute(f"SELECT event_id FROM {TABLE} WHERE appsflyer_id = 'p7'").fetchone()
            rows = database.execute(f"SELECT * FROM {TABLE} WHERE appsflyer_id = 'p7'").fetchall()
            database.execute(f"DELETE FROM {TABLE} WHERE appsflyer_id = 'p7'")
        wait_until(lambda: self.lines(service, "Audit: the two warehouses differ"), "the audit's line")
        line = self.lines(service, "Audit: the two warehouses differ")[0]
        self.assertEqual((line["level"], line["found"], line["eventIds"]), ("error", "1 missing in secondary", event_id))
        stands = self.parity(service)["identicalUpTo"]
        audits = len(self.lines(service, "Audit: the two warehouses differ"))
        wait_until(lambda: len(self.lines(service, "Audit: the two warehouses differ")) > audits, "one more audit")
        self.assertEqual(self.parity(service)["identicalUpTo"], stands)
        with sqlite3.connect(service.warehouse("secondary"), timeout=30) as database:
            database.execute(f"INSERT INTO {TABLE} VALUES ({','.join('?' * len(rows[0]))})", rows[0])
        self.wait_up_to(service, parse(stands))

    def test_rows_of_a_table_taken_over_that_have_no_identity_are_no_difference(self):
        for target, before in (("primary", 3), ("secondary", 2)):
            with sqlite3.connect(os.path.join(self.folder, f"{target}.db")) as database:
                database.execute(f"CREATE TABLE {TABLE} (appsflyer_id TEXT, event_name TEXT)")
                database.executemany(f"INSERT INTO {TABLE} VALUES (?, 'install')", [(f"n{number}",) for number in range(before)])
        service = self.go(PRIMARY_WAREHOUSE_URL="sqlite:primary.db", SECONDARY_WAREHOUSE_URL="sqlite:secondary.db")
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        for target in ("primary", "secondary"):
            wait_until(lambda side=target: self.lines(service, f"Data successfully inserted into {side}"), "the event to land")
        self.wait_up_to(service, datetime.datetime.now(datetime.timezone.utc))
        line = self.lines(service, "Audit: the two warehouses hold the same")[-1]
        self.assertEqual((line["notComparedPrimary"], line["notComparedSecondary"], line["rowsPrimary"]), (3, 2, 1))
        # One that has a time was ours: somebody has taken its id.
        with sqlite3.connect(os.path.join(self.folder, "secondary.db"), timeout=30) as database:
            database.execute(f"UPDATE {TABLE} SET event_id = NULL, event_key = NULL WHERE event_id IS NOT NULL")
        wait_until(lambda: self.lines(service, "Audit: the two warehouses differ"), "the audit's line")
        self.assertEqual(self.lines(service, "Audit: the two warehouses differ")[0]["found"], "1 missing in secondary, 1 foreign in secondary")

    def test_what_is_owed_holds_it_back(self):
        service = self.go()
        self.land(service, 0, 5)
        self.wait_up_to(service, datetime.datetime.now(datetime.timezone.utc))
        with sqlite3.connect(service.warehouse("secondary"), timeout=30) as held:
            held.execute("BEGIN IMMEDIATE")  # nobody else can write there
            before = datetime.datetime.now(datetime.timezone.utc)
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="late")).status, 200)
            after = datetime.datetime.now(datetime.timezone.utc)
            self.wait_up_to(service, before - datetime.timedelta(seconds=1))
            audits = len(self.lines(service, "Audit: the two warehouses hold the same"))
            wait_until(lambda: len(self.lines(service, "Audit: the two warehouses hold the same")) > audits + 1, "two more audits")
            self.assertLessEqual(parse(self.parity(service)["identicalUpTo"]), after)
            held.rollback()
        self.wait_up_to(service, after)

    def test_switched_off_and_without_a_secondary_there_is_none(self):
        service = self.go(AUDIT_INTERVAL="0")
        self.assertNotIn("parity", json.loads(service.request("GET", "/ready").body)["parts"])
        service.stop()
        self.assertNotIn("parity", json.loads(self.start({"SECONDARY_REDSHIFT_ENABLED": "false"}).request("GET", "/ready").body)["parts"])


if __name__ == "__main__":
    unittest.main()
