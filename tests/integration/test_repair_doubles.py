"""`twinshift repair` where rows stand several times and none of them is the event that its id names, and other odd rows."""

import unittest

from repairing import DIFFERENT, DONE, LEFT, EmbeddedRepairing, Repairing
from servers import TABLE, PostgresTest


class OddRows(Repairing):
    """Of a target that keeps ids unique: with doubles its lane cannot use it."""

    def prepare(self):
        service = self.start(self.settings)
        self.land(service, range(6))
        service.stop()
        self.change("secondary", f"DROP INDEX {TABLE}_event_id")

    def add_foreign(self, target, times):
        for _ in range(times):
            self.change(target, f"INSERT INTO {TABLE} (event_id, event_key, event_at) VALUES ('some''one', 7, '2026-01-02 03:04:05')")

    def check_the_lane_is_back(self):
        self.land(self.start(self.settings), range(6, 9))
        self.assertTrue(self.ask("secondary", self.index_sql))

    def test_a_foreign_row_that_stands_twice_goes_by_the_statement_that_is_named(self):
        self.prepare()
        self.add_foreign("primary", 1)
        self.add_foreign("secondary", 2)
        found = self.command("verify", DIFFERENT)["findings"]
        self.assertEqual(sorted((each["kind"], each["target"], each["eventId"]) for each in found),
                         [("doubled", "secondary", "some'one"), ("foreign", "secondary", "some'one")])
        told = self.run_command("repair", settings=self.settings)
        self.assertIn("plan: leave 1\n", told.stdout)
        (left,) = self.repair(LEFT, "--apply")["left"]
        self.assertEqual((left["target"], left["eventId"]), ("secondary", "some'one"))
        self.change("secondary", left["byHand"])
        self.repair(DONE, "--apply")
        self.check_the_lane_is_back()

    def test_rows_that_were_changed_alike_are_left_with_a_statement_that_works(self):
        self.prepare()
        for target, campaign in (("primary", "one"), ("secondary", "other")):
            self.change(target, f"UPDATE {TABLE} SET campaign = '{campaign}' WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE appsflyer_id = 'r3'")
        (left,) = [each for each in self.repair(LEFT, "--apply")["left"] if each["target"] == "secondary"]
        self.change("secondary", left["byHand"])
        self.check_the_lane_is_back()

    def test_rows_that_differ_are_left_with_a_statement_that_works(self):
        self.prepare()
        for target in ("primary", "secondary"):
            self.change(target, f"UPDATE {TABLE} SET campaign = '{target}' WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"UPDATE {TABLE} SET campaign = 'third' WHERE {self.row_number} = (SELECT max({self.row_number}) FROM {TABLE} WHERE appsflyer_id = 'r3')")
        (left,) = self.repair(LEFT, "--apply")["left"]
        self.assertIn("delete all but one by hand", left["why"])
        self.change("secondary", left["byHand"])
        self.check_the_lane_is_back()

    def test_a_double_without_a_time_is_left_with_a_statement_that_leaves_the_other(self):
        self.prepare()
        self.change("secondary", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"UPDATE {TABLE} SET event_at = {self.no_time} WHERE {self.row_number} = (SELECT min({self.row_number}) FROM {TABLE} WHERE appsflyer_id = 'r3')")
        (left,) = self.repair(LEFT, "--apply")["left"]
        self.assertIn("delete that one by hand", left["why"])
        self.change("secondary", left["byHand"])
        self.check_the_lane_is_back()
        self.assert_same_once(9)

    def test_a_row_without_a_time_of_arrival_is_copied_without_one(self):
        self.land(self.start(self.settings), range(3))
        self.change("secondary", f"UPDATE {TABLE} SET received_at = NULL WHERE appsflyer_id = 'r1'")
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r1'")
        self.repair(DONE, "--apply")
        for target in ("primary", "secondary"):
            self.assertEqual(self.ask(target, f"SELECT count(*) FROM {TABLE} WHERE received_at IS NULL AND appsflyer_id = 'r1'"), [self.one], target)


class Embedded(OddRows, EmbeddedRepairing):
    row_number, one, no_time = "rowid", 1, "'garbage'"
    index_sql = f"SELECT name FROM sqlite_master WHERE name = '{TABLE}_event_id'"


class Postgres(OddRows, PostgresTest):
    row_number, one, no_time = "ctid", "1", "'infinity'"
    index_sql = f"SELECT indexname FROM pg_indexes WHERE indexname = '{TABLE}_event_id'"

    def setUp(self):
        super().setUp()
        self.settings = self.urls()

    def ask(self, target, sql):
        answer = self.psql(target, sql)
        return answer.split("\n") if answer else []

    def change(self, target, sql):
        self.psql(target, sql)


if __name__ == "__main__":
    unittest.main()
