"""What the tests of `twinshift repair` and `twinshift rebuild` share."""

import json
import random
import sqlite3

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from servers import TABLE, ServerError

DONE, LEFT, UNDECIDED = 0, 1, 2
EQUAL, DIFFERENT = 0, 1


def event(number):
    return dict(GUIDE_EVENT, appsflyer_id=f"r{number}", event_time=f"2026-01-{1 + number % 5:02} {number % 24:02}:{number % 60:02}:07.000")


class Repairing:
    """What both kinds of targets share: `change(target, sql)` writes behind the service's back, `ask(target, sql)` gives rows of text."""

    def command(self, name, expected, *arguments):
        done = self.run_command(name, "--format", "json", *arguments, settings=self.settings, timeout=4 * PATIENCE_SECONDS)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def repair(self, expected, *arguments):
        return self.command("repair", expected, *arguments)

    def land(self, service, numbers):
        for number in numbers:
            self.assertEqual(service.post(event(number)).status, 200)
        ids = {f"r{number}" for number in numbers}
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: ids <= self.landed_ids(t), f"all in {target}")

    def landed_ids(self, target):
        try:
            return set(self.ask(target, f"SELECT appsflyer_id FROM {TABLE}"))
        except (sqlite3.OperationalError, ServerError):  # its table is not made yet
            return set()

    def ids(self, target):
        return self.ask(target, f"SELECT event_id FROM {TABLE} ORDER BY event_id")

    def assert_same_once(self, events):
        for target in ("primary", "secondary"):
            ids = self.ids(target)
            self.assertEqual((len(ids), len(set(ids))), (events, events), target)
        self.command("verify", EQUAL, "--deep")

    def corrupt(self, seed):
        """Deletes, doubles and updates in both targets; of no event on both sides. How many rows were touched."""
        drawn = random.Random(seed)
        ids = self.ids("primary")
        drawn.shuffle(ids)
        for target in ("primary", "secondary"):
            self.change(target, f"DROP INDEX {TABLE}_event_id")
        statements = [f"DELETE FROM {TABLE} WHERE event_id = '%s'", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE event_id = '%s'",
                      f"UPDATE {TABLE} SET event_key = event_key + 1 WHERE event_id = '%s'",
                      f"UPDATE {TABLE} SET campaign = 'changed', event_name = 'changed' WHERE event_id = '%s'",
                      f"UPDATE {TABLE} SET event_at = '2026-02-03 04:05:06' WHERE event_id = '%s'"]
        touched = ids[:40]
        for number, each in enumerate(touched):
            self.change(drawn.choice(("primary", "secondary")), statements[number % len(statements)] % each)
        return len(touched)

    def check_repair_of_corruption(self, seed):
        touched = self.corrupt(seed)
        plan = self.repair(LEFT, "--deep")
        self.assertFalse(plan["applied"])
        self.assertEqual(len({each["eventId"] for each in plan["findings"]}), touched)
        done = self.repair(DONE, "--deep", "--apply")
        self.assertEqual((done["left"], done["still"], done["verdict"]), ([], [], "done"))
        again = self.repair(DONE, "--deep", "--apply")
        self.assertEqual(again["findings"], [])
        self.assertTrue(all(again["receipt"][target]["batches"] == 0 for target in again["receipt"]))


    def check_what_was_erased_and_put_back(self):
        """Named and left alone; the erasure, run again, takes it away."""
        self.land(self.start(self.settings), range(6))
        self.change("secondary", f"CREATE TABLE kept AS SELECT * FROM {TABLE} WHERE appsflyer_id = 'r3'")
        erase = ("erase", "--where", "appsflyer_id=r3", "--yes")
        self.assertEqual(self.run_command(*erase, settings=self.settings).returncode, DONE)
        self.change("secondary", f"INSERT INTO {TABLE} SELECT * FROM kept")
        for arguments in ((), ("--apply",), ("--apply",)):
            answer = self.repair(LEFT, *arguments)
            (found,) = answer["findings"]
            self.assertEqual((found["kind"], found["target"], found["remedy"]), ("erased", "secondary", "leave"))
            if arguments:
                self.assertEqual([answer["receipt"][target]["batches"] for target in answer["receipt"]], [0, 0])
        told = self.run_command("verify", settings=self.settings)
        self.assertEqual(told.returncode, DIFFERENT, told.stdout + told.stderr)
        self.assertIn("1 erased in secondary", told.stdout)
        self.assertIn("run `twinshift erase --where", told.stdout)
        traced = json.loads(self.run_command("trace", "--format", "json", found["eventId"], settings=self.settings).stdout)["events"][0]["targets"]
        self.assertEqual([traced[target]["state"] for target in ("primary", "secondary")], ["erased", "landed"])
        self.assertIn("erasedAt", traced["secondary"])
        again = self.run_command(*erase, settings=self.settings)
        self.assertEqual(again.returncode, DONE, again.stdout + again.stderr)
        self.assert_same_once(5)

    def check_a_table_dropped_beside_the_service(self):
        service = self.start(self.settings)
        self.land(service, range(20))
        self.change("secondary", f"DROP TABLE {TABLE}")
        told = self.run_command("verify", settings=self.settings)
        self.assertEqual(told.returncode, UNDECIDED)
        self.assertIn("twinshift rebuild --target secondary --apply", told.stderr)
        self.assertFalse(self.command("rebuild", LEFT, "--target", "secondary")["applied"])
        self.assertEqual(self.command("rebuild", DONE, "--target", "secondary", "--apply")["receipt"]["secondary"]["copied"], 20)
        self.land(service, range(20, 25))
        self.assert_same_once(25)

    def check_trace_of_a_repair(self):
        traced = json.loads(self.run_command("trace", "--format", "json", "r1", settings=self.settings).stdout)["events"][0]["targets"]["secondary"]
        self.assertEqual(traced["state"], "landed")
        newest = traced["batches"][0]
        self.assertTrue(newest["batchId"].startswith("mend-"), traced)
        self.assertEqual((newest["byRepair"], newest["outcome"]), (True, "inserted"))


class EmbeddedRepairing(Repairing, ServiceTest):
    """On the embedded stores."""

    settings = {}

    def ask(self, target, sql):
        with sqlite3.connect(f"file:{self.folder}/data/{target}.db?mode=ro", uri=True, timeout=PATIENCE_SECONDS) as connection:
            rows = [row[0] for row in connection.execute(sql)]
        connection.close()
        return rows

    def change(self, target, sql):
        with sqlite3.connect(f"{self.folder}/data/{target}.db", timeout=PATIENCE_SECONDS) as connection:
            connection.execute(sql)
        connection.close()
