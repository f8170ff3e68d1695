"""`twinshift erase` on the real binary: a person's events go everywhere, come back by no way, and the books still close."""

import json
import os
import sqlite3
import unittest

from harness import GUIDE_EVENT, ServiceTest, wait_until
from servers import TABLE, LimitedUserTest, PostgresTest

PERSON = "person-4711-secret"
WHERE = f"customer_user_id={PERSON}"
DONE, FAILED, TOLD = 0, 1, 2


def event(name, person=None):
    return dict(GUIDE_EVENT, appsflyer_id=name, customer_user_id=person or f"someone-{name}")


class EraseSteps:
    """What both kinds of targets share; `settings()` are the test's, `names(target)` the appsflyer_ids that stand there."""

    def erase(self, expected, *arguments, where=WHERE, **settings):
        done = self.run_command("erase", "--where", where, *arguments, settings=self.settings(**settings))
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        self.assertNotIn(PERSON, done.stdout + done.stderr)
        return done.stdout

    def post(self, service, *events):
        for each in events:
            self.assertEqual(service.post(each).status, 200)

    def wait_names(self, names, targets=("primary", "secondary")):
        for target in targets:
            wait_until(lambda t=target: self.names(t) == sorted(names), f"exactly {names} in {target}")

    def wait_books_closed(self, **settings):
        def closed():
            done = self.run_command("books", "--format", "json", settings=self.settings(**settings))
            hours = json.loads(done.stdout or "[]")
            return done.returncode == 0 and hours and all(hour["state"] == "closed" for hour in hours) and hours
        return wait_until(closed, "closed books")

    @staticmethod
    def total(hours, target, side):
        return sum(int(hour[side]) for hour in hours if hour["target"] == target)

    def land_and_erase(self):
        service = self.start(self.settings())
        theirs = [event(f"p{i}", PERSON) for i in range(5)]
        others = [f"o{i}" for i in range(5)]
        self.post(service, *theirs, *(event(name) for name in others))
        self.wait_names(others + [each["appsflyer_id"] for each in theirs])
        return service, theirs, others


class Embedded(EraseSteps, ServiceTest):
    def settings(self, **more):
        return more

    def names(self, target):
        try:
            return sorted(row["id"] for row in self.services[-1].sql(target, f"SELECT appsflyer_id AS id FROM {TABLE}"))
        except sqlite3.OperationalError:  # its table is not made yet
            return []

    def test_through_the_service_and_no_delivery_brings_them_back(self):
        service, theirs, others = self.land_and_erase()
        told = self.erase(TOLD)
        self.assertIn("primary: 5 rows", told)
        self.assertIn("secondary: 5 rows", told)
        self.assertEqual(len(self.names("primary")), 10)
        self.erase(DONE, "--yes")
        self.assertEqual((self.names("primary"), self.names("secondary")), (others, others))
        self.post(service, *theirs, event("after"))
        self.wait_names(["after", *others])
        hours = self.wait_books_closed()
        self.assertEqual(self.total(hours, "primary", "received"), 16)
        self.assertEqual([self.total(hours, target, "duplicate") for target in ("primary", "secondary")], [5, 5])
        self.assertEqual((self.names("primary"), self.names("secondary")), (["after", *others], ["after", *others]))
        self.assertIn("primary: 0 rows", self.erase(DONE))
        self.assertEqual(self.run_command("verify").returncode, 0)
        service.stop()
        self.assertNotIn(PERSON.encode(), b"".join(service.raw))
        line = next(l for l in service.lines if l.get("msg") == "Erased events" and l["target"] == "primary")
        self.assertEqual((line["field"], line["events"], line["rows"]), ("customer_user_id", 5, 5))

    def test_what_waits_is_passed_over_when_its_turn_comes(self):
        service, theirs, others = self.land_and_erase()
        service.stop()
        # Nobody delivers: the queue is all that holds them.
        service = self.start({"ENABLE_SQS_CONSUMER": "false"})
        self.post(service, *(event(f"w{i}", PERSON) for i in range(3)))
        self.assertIn("queue: 3 messages", self.erase(TOLD, ENABLE_SQS_CONSUMER="false"))
        self.erase(FAILED, "--yes", ENABLE_SQS_CONSUMER="false")  # the service owns the files and writes no target
        service.stop()
        self.assertIn("8 events noted", self.erase(DONE, "--yes"))
        self.assertEqual(self.names("primary"), others)
        service = self.start()
        self.post(service, event("after"))
        self.wait_names(["after", *others])
        self.wait_books_closed()
        self.assertEqual(self.names("secondary"), ["after", *others])

    def lose_secondary(self):
        """Its whole database, with its list of what was erased; afterwards the service is stopped."""
        service, theirs, others = self.land_and_erase()
        self.erase(DONE, "--yes")
        service.stop()
        for ending in ("", "-wal", "-shm"):
            path = f"{self.folder}/data/secondary.db{ending}"
            if os.path.exists(path):
                os.remove(path)
        return theirs, others

    def mend(self, expected, *arguments):
        done = self.run_command(*arguments, "--format", "json")
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_a_lost_database_that_is_rebuilt_gets_the_list_first(self):
        theirs, others = self.lose_secondary()
        done = self.mend(0, "rebuild", "--target", "secondary", "--apply")
        self.assertEqual(done["erased"]["secondary"], {"noted": 5, "stood": 0, "rowsRemoved": 0, "eventIds": []})
        service = self.start()
        self.post(service, *theirs, event("after"))
        self.wait_names(["after", *others])
        self.assertEqual(self.run_command("verify").returncode, 0)

    def test_what_came_again_before_the_rebuild_goes_through_the_service(self):
        theirs, others = self.lose_secondary()
        service = self.start()
        self.post(service, *theirs, event("after"))
        self.wait_names(sorted(["after", *(each["appsflyer_id"] for each in theirs)]), targets=("secondary",))
        for command in (("repair",), ("rebuild", "--target", "secondary")):
            plan = self.mend(1, *command)
            self.assertEqual((plan["erased"]["secondary"]["noted"], len(plan["erased"]["secondary"]["eventIds"])), (5, 5), command)
        done = self.mend(0, "repair", "--apply")
        self.assertEqual((done["erased"]["secondary"]["stood"], done["erased"]["secondary"]["rowsRemoved"]), (5, 5))
        self.assertEqual(done["receipt"]["primary"]["copied"], 0)
        self.wait_names(["after", *others])
        self.assertEqual(self.mend(0, "repair", "--apply")["erased"]["secondary"]["noted"], 0)

    def test_a_table_with_doubles_that_no_lane_can_use_takes_the_list_too(self):
        _, others = self.lose_secondary()
        service = self.start()
        self.post(service, event("after"))
        self.wait_names(["after"], targets=("secondary",))
        service.stop()
        with sqlite3.connect(f"{self.folder}/data/secondary.db") as connection:
            connection.execute(f"DROP INDEX {TABLE}_event_id")
            connection.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE}")
        connection.close()
        done = self.mend(0, "repair", "--apply")
        self.assertEqual((done["erased"]["secondary"]["noted"], done["receipt"]["secondary"]["replaced"]), (5, 1))
        self.wait_names(["after", *others])

    def test_nothing_is_copied_where_a_list_cannot_be_written(self):
        self.lose_secondary()
        service = self.start()
        self.post(service, event("after"))
        self.wait_names(["after"], targets=("secondary",))
        service.stop()
        with sqlite3.connect(f"{self.folder}/data/secondary.db") as connection:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON twinshift_erased BEGIN SELECT RAISE(ABORT, 'refused'); END")
        connection.close()
        done = self.run_command("repair", "--apply")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("No event was copied", done.stderr)
        self.assertEqual(self.names("secondary"), ["after"])

    def test_without_yes_nothing_is_changed_also_where_a_target_is_away(self):
        service, _, _ = self.land_and_erase()
        service.stop()
        with open(f"{self.folder}/data/secondary.db", "r+b") as file:
            file.write(b"x" * 4096)
        for ending in ("-wal", "-shm"):
            if os.path.exists(f"{self.folder}/data/secondary.db{ending}"):
                os.remove(f"{self.folder}/data/secondary.db{ending}")
        self.assertIn("secondary: cannot be asked", self.erase(TOLD))

    def test_in_an_empty_folder_it_says_so_and_makes_none(self):
        done = self.run_command("erase", "--where", WHERE, "--yes")
        self.assertEqual(done.returncode, TOLD, done.stdout + done.stderr)
        self.assertIn("there is no data folder here", done.stderr)
        self.assertFalse(os.path.exists(f"{self.folder}/data"))

    def test_the_plan_of_a_rebuild_tells_what_was_erased(self):
        service, _, _ = self.land_and_erase()
        with sqlite3.connect(f"{self.folder}/data/primary.db") as connection:
            connection.execute(f"CREATE TABLE kept AS SELECT * FROM {TABLE} WHERE customer_user_id = '{PERSON}'")
        connection.close()
        self.erase(DONE, "--yes")
        with sqlite3.connect(f"{self.folder}/data/primary.db") as connection:
            connection.execute(f"INSERT INTO {TABLE} SELECT * FROM kept")
        connection.close()
        plan = self.mend(1, "rebuild", "--target", "secondary")
        self.assertEqual(plan["counts"], {"primary": {"erased": 5}, "secondary": {}})

    def test_a_value_that_nobody_has_and_wrong_ones(self):
        service, _, _ = self.land_and_erase()
        self.assertIn("primary: 0 rows", self.erase(DONE, where="customer_user_id=nobody"))
        self.erase(DONE, "--yes", where="customer_user_id=nobody")
        for where in ("customer_user_id", "customer_user_id=", "nothing=x", "event_time=2024-01-01 00:00:00"):
            self.erase(TOLD, "--yes", where=where)
        self.assertEqual(len(self.names("primary")), 10)
        self.assertEqual(service.stop(), 0)


class Postgres(EraseSteps, PostgresTest):
    def settings(self, **more):
        return self.urls(**more)

    def names(self, target):
        return sorted(self.landed(target))

    def test_through_the_service_and_no_delivery_brings_them_back(self):
        service, theirs, others = self.land_and_erase()
        self.erase(DONE, "--yes")
        self.assertEqual((self.names("primary"), self.names("secondary")), (others, others))
        self.post(service, *theirs, event("after"), *theirs)
        self.wait_names(["after", *others])
        hours = self.wait_books_closed()
        self.assertEqual([self.total(hours, target, "duplicate") for target in ("primary", "secondary")], [10, 10])
        self.assertEqual((self.names("primary"), self.names("secondary")), (["after", *others], ["after", *others]))

    def test_a_target_that_is_away_gets_the_rest_when_it_is_run_again(self):
        service, theirs, others = self.land_and_erase()
        service.stop()
        away = {"SECONDARY_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/away"}
        service = self.start(self.urls(**away))
        owed = [event(f"w{i}", PERSON) for i in range(3)]
        self.post(service, *owed)
        self.wait_names(others + [each["appsflyer_id"] for each in theirs + owed], ("primary",))
        self.assertIn("secondary: cannot be asked", self.erase(TOLD, **away))
        self.erase(FAILED, "--yes", **away)
        self.assertEqual(self.names("primary"), others)
        service.stop()
        # Nobody holds the three any more but the backlog; the primary's table names them.
        self.erase(DONE, "--yes")
        self.assertEqual(self.names("secondary"), others)
        service = self.start(self.urls())
        self.post(service, event("after"))
        self.wait_names(["after", *others])
        self.wait_books_closed()
        self.assertEqual(self.names("secondary"), ["after", *others])

    def test_debts_by_id_alone_of_another_instance_are_settled(self):
        away = {"SECONDARY_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/away"}
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        if free < 1_500_000_000:
            self.skipTest("needs 1.5 GB of free disk to tell a reserve from the queue's share above it")
        # Above the reserve, so events are taken; not above the queue's share as well, so their ids alone are kept.
        service = self.start(self.urls(DISK_RESERVE=str(free - 500_000_000), **away))
        self.post(service, *(event(f"p{i}", PERSON) for i in range(3)), event("other"))
        part = lambda: service.request("GET", "/ready").json()["parts"]["secondary"]
        wait_until(lambda: part()["owed"] == 4 and part()["backlog"]["idsOnly"] == 4, "four to be owed by id alone")
        service.stop()
        elsewhere = self.urls(TWINSHIFT_DATA_DIR=os.path.join(self.folder, "elsewhere"))
        os.mkdir(elsewhere["TWINSHIFT_DATA_DIR"])
        made = self.run_command("schema", "--apply", "--target", "secondary", settings=elsewhere)
        self.assertEqual(made.returncode, 0, made.stderr)
        done = self.run_command("erase", "--where", WHERE, "--yes", settings=elsewhere)
        self.assertEqual(done.returncode, DONE, done.stdout + done.stderr)
        service = self.start(self.urls())
        wait_until(lambda: part()["owed"] == 0, "nothing to be owed")
        self.assertEqual((self.names("primary"), self.names("secondary")), (["other"], ["other"]))
        self.assertEqual(self.total(self.wait_books_closed(), "secondary", "duplicate"), 3)
        self.assertEqual(service.stop(), 0)

    def test_what_is_quarantined_is_dropped_and_waived(self):
        service, _, others = self.land_and_erase()
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD CONSTRAINT refused CHECK (campaign <> 'refused') NOT VALID")
        self.post(service, dict(event("bad", PERSON), campaign="refused"))
        more = []

        def in_quarantine():
            more.append(f"x{len(more):03}")
            self.post(service, event(more[-1]))
            return "this side only" in self.run_command("quarantine", "list", settings=self.urls()).stdout
        wait_until(in_quarantine, "the refused event in the quarantine")
        self.assertIn("quarantine: 1 record\n", self.erase(TOLD))
        self.assertIn("quarantine: 1 record dropped", self.erase(DONE, "--yes"))
        self.wait_names(others + more)
        hours = self.wait_books_closed()
        self.assertEqual(self.total(hours, "secondary", "waived"), 1)
        self.assertEqual(service.stop(), 0)


class Rights(LimitedUserTest):
    def erase(self, expected):
        done = self.run_command("erase", "--where", WHERE, "--yes", settings=self.limited)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stderr

    def test_without_the_rights_events_land_and_the_command_names_them(self):
        made = self.run_command("schema", "--apply", "--target", "primary", settings=self.owner)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.let_write(f"{TABLE}, twinshift_loads, twinshift_duplicates, twinshift_owed")
        service = self.start(self.limited)
        self.assertEqual(service.post(event("one", PERSON)).status, 200)
        self.wait_each_once(["one"])
        first = f'GRANT SELECT, INSERT ON "public"."twinshift_erased" TO "{self.user}"'
        self.assertEqual([line["hint"].count(first) for line in service.lines if "cannot be erased" in line.get("msg", "")], [1])
        self.assertEqual(service.stop(), 0)
        self.assertIn(first, self.erase(FAILED))
        self.psql("primary", first)
        second = f'GRANT SELECT, DELETE ON "public"."{TABLE}"'
        self.assertIn(second, self.erase(FAILED))
        self.psql("primary", f'{second} TO "{self.user}"')
        self.erase(DONE)
        self.assertEqual(self.psql("primary", f"SELECT count(*) FROM {TABLE}"), "0")


if __name__ == "__main__":
    unittest.main()
