"""`twinshift repair` and `twinshift rebuild` on the real binary: with a running service and without, on embedded stores and PostgreSQL."""

import threading
import unittest

from repairing import DIFFERENT, DONE, EQUAL, LEFT, UNDECIDED, EmbeddedRepairing, Repairing, event
from servers import TABLE, DataApi, PostgresTest

from aws_servers import CLUSTER, REGION
from with_servers import StandIn


class Embedded(EmbeddedRepairing):
    def test_corruption_is_repaired_beside_a_running_service(self):
        service = self.start()
        self.land(service, range(200))
        self.check_repair_of_corruption(1)
        self.assert_same_once(200)
        self.land(service, range(200, 220))  # the lanes have their tables back
        self.assert_same_once(220)
        self.assertEqual(service.stop(), 0)

    def test_corruption_is_repaired_without_a_service(self):
        service = self.start()
        self.land(service, range(200))
        service.stop()
        self.check_repair_of_corruption(2)
        self.assert_same_once(200)
        self.land(self.start(), range(200, 220))
        self.assert_same_once(220)

    def test_what_was_erased_and_put_back(self):
        self.check_what_was_erased_and_put_back()

    def test_a_table_dropped_beside_the_service_is_rebuilt(self):
        self.check_a_table_dropped_beside_the_service()

    def test_trace_knows_what_a_repair_has_copied(self):
        service = self.start()
        self.land(service, range(3))
        for run in ("with", "without"):
            with self.subTest(f"{run} a service"):
                self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r1'")
                self.repair(DONE, "--apply")
                self.check_trace_of_a_repair()
                told = self.run_command("trace", "r1").stdout
                self.assertEqual(told.count("by repair"), 1 if run == "with" else 2, told)
            if run == "with":
                service.stop()

    def test_rows_without_a_time_are_left_as_the_plan_says(self):
        self.land(self.start(), range(6))
        for name, time in (("r3", "garbage"), ("r4", "")):
            self.change("secondary", f"UPDATE {TABLE} SET event_at = '{time}' WHERE appsflyer_id = '{name}'")
        plan = self.repair(LEFT)
        self.assertEqual([(each["kind"], each["eventAt"], each["remedy"]) for each in plan["findings"]], [("changed", None, "leave")] * 2)
        self.assertEqual({each["why"] for each in plan["findings"]}, {self.repair(LEFT, "--apply")["left"][0]["why"]})
        done = self.repair(LEFT, "--apply")
        self.assertEqual((len(done["left"]), len(done["still"])), (2, 2))
        told = self.run_command("repair", "--apply")
        self.assertEqual(told.returncode, LEFT)
        self.assertIn("looked again at what has no event_at that can be read: still different: 2 changed in secondary", told.stdout)
        self.assertNotIn("1970", told.stdout)
        self.assertIn("plan: leave 2\n", told.stdout)

    def test_a_row_without_a_time_holds_up_no_repair_by_arrival(self):
        self.land(self.start(), range(6))
        since = self.ask("primary", f"SELECT min(received_at) FROM {TABLE}")[0]
        self.change("secondary", f"UPDATE {TABLE} SET event_at = 'garbage' WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r4'")
        plan = self.repair(LEFT, "--received-from", since)
        self.assertEqual(sorted((each["kind"], each["remedy"]) for each in plan["findings"]), [("changed", "leave"), ("missing", "copy")])
        done = self.repair(LEFT, "--received-from", since, "--apply")
        self.assertEqual((len(done["left"]), done["receipt"]["secondary"]["copied"]), (1, 1))
        self.assertEqual(len(self.ids("secondary")), 6)

    def test_a_time_in_another_spelling_is_found_by_a_range_and_by_a_deep_look(self):
        self.land(self.start(), range(6))
        at = self.ask("primary", f"SELECT event_at FROM {TABLE} WHERE appsflyer_id = 'r3'")[0]
        self.change("secondary", f"UPDATE {TABLE} SET event_at = replace(event_at, ' ', 'T') || 'Z' WHERE appsflyer_id = 'r3'")
        self.command("verify", EQUAL)  # as docs/verify.md says: the sums are the same
        for arguments in (("--from", at, "--to", at.replace(":07", ":08")), ("--deep",)):
            (found,) = self.command("verify", DIFFERENT, *arguments)["findings"]
            self.assertEqual((found["kind"], found["target"], found["columns"], found["eventAt"]), ("changed", "secondary", "event_at", None), arguments)
        (left,) = self.repair(LEFT, "--deep", "--apply")["left"]
        self.assertIn("give it one by hand", left["why"])

    def test_an_id_that_was_changed_is_left_with_the_way_out(self):
        self.land(self.start(), range(10))
        self.change("secondary", f"UPDATE {TABLE} SET event_id = '{'f' * 32}' WHERE appsflyer_id = 'r3'")
        self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id IN ('r6', 'r8')")  # beside it, so that its window is searched
        told = self.run_command("repair", "--window", "7d", "--apply")
        self.assertEqual(told.returncode, LEFT, told.stdout)
        self.assertIn("no row of it tells the event that its id names", told.stdout)
        self.assertIn("twinshift repair --deep", told.stdout)
        self.repair(DONE, "--deep", "--apply")
        self.assert_same_once(10)

    def test_only_the_range_of_arrival_is_filled_that_was_asked_for(self):
        service = self.start()
        self.land(service, range(10))
        between = self.ask("primary", f"SELECT max(received_at) FROM {TABLE}")[0]
        self.land(service, range(10, 30))
        self.change("secondary", f"DELETE FROM {TABLE}")
        plan = self.repair(LEFT, "--received-to", between)
        self.assertEqual(len(plan["findings"]), 9)
        self.repair(DONE, "--received-from", between, "--apply")
        self.assertEqual(len(self.ids("secondary")), 21)
        self.repair(DONE, "--apply")
        self.assert_same_once(30)
        received = f"SELECT received_at FROM {TABLE} ORDER BY event_id"
        self.assertEqual(self.ask("primary", received), self.ask("secondary", received))

    def test_an_event_that_no_side_holds_sound_is_left_and_named(self):
        self.land(self.start(), range(10))
        for target in ("primary", "secondary"):
            self.change(target, f"UPDATE {TABLE} SET campaign = '{target}' WHERE appsflyer_id = 'r3'")
        done = self.repair(LEFT, "--deep", "--apply")
        self.assertEqual({(each["target"], each["why"]) for each in done["left"]},
                         {(target, "no row of it tells the event that its id names") for target in ("primary", "secondary")})
        self.assertEqual({(each["remedy"], each["columns"]) for each in done["findings"]}, {("leave", "campaign")})
        self.assertEqual(self.ask("primary", f"SELECT campaign FROM {TABLE} WHERE appsflyer_id = 'r3'"), ["primary"])

    def test_an_emptied_target_is_rebuilt_while_events_come_in(self):
        service = self.start()
        self.land(service, range(300))
        self.change("secondary", f"DELETE FROM {TABLE}")
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")
        stop = threading.Event()
        sent = []

        def send():
            while not stop.is_set():
                service.post(event(1_000 + len(sent)))
                sent.append(1)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            told = self.command("rebuild", LEFT, "--target", "secondary")
            self.assertFalse(told["applied"])
            self.command("rebuild", DONE, "--target", "secondary", "--apply")
        finally:
            stop.set()
            sender.join()
        service.wait_landed(299 + len(sent))
        self.assert_same_once(299 + len(sent))

    def test_what_only_the_damaged_target_holds_is_copied_away_first(self):
        self.land(self.start(), range(50))
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r5'")
        self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id <> 'r5'")
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual((done["receipt"]["primary"]["copied"], done["receipt"]["secondary"]["copied"]), (1, 49))
        self.assert_same_once(50)

    def test_the_books_close_after_a_repair(self):
        service = self.start({"BOOKS_INTERVAL": "1s"})
        self.land(service, range(20))
        self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id IN ('r1', 'r2')")
        self.repair(DONE, "--apply")
        done = self.run_command("books", settings=self.settings)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_gap_of_a_secondary_that_was_off_is_told_and_filled(self):
        service = self.start()
        self.land(service, range(5))
        service.stop()
        service = self.start({"SECONDARY_REDSHIFT_ENABLED": "false"})
        for number in range(5, 12):
            self.assertEqual(service.post(event(number)).status, 200)
        service.wait_landed(12, targets=("primary",))
        service.stop()
        line = self.start().wait_log(lambda each: "waived" in each and "command" in each, "the line that fills the gap")
        self.assertEqual((line["waived"], self.count_in("secondary")), (7, 5))
        done = self.run_command(*line["command"].split()[1:])
        self.assertEqual(done.returncode, DONE, done.stdout + done.stderr)
        self.assert_same_once(12)

    def count_in(self, target):
        return len(self.ids(target))

    def test_wrong_ranges_are_refused(self):
        self.land(self.start(), range(1))
        empty = self.run_command("repair", "--from", "2026-01-01", "--to", "2026-01-01")
        self.assertEqual(empty.returncode, UNDECIDED)
        self.assertIn("the range is empty", empty.stderr)
        for arguments in (("--from", "yesterday"), ("--from", "", "--apply"), ("--received-from", "", "--apply"), ("--received-from", "x"), ("--received-from", "2026-02-01", "--received-to", "2026-01-01")):
            done = self.run_command("repair", *arguments)
            self.assertEqual((done.returncode, done.stdout), (UNDECIDED, ""), arguments)
            self.assertIn(arguments[0], done.stderr)
        self.assertEqual(self.repair(DONE, "--received-from", "2031-01-01", "--apply")["findings"], [])

    def test_without_a_consumer_nobody_writes(self):
        service = self.start()
        self.land(service, range(3))
        service.stop()
        self.start({"ENABLE_SQS_CONSUMER": "false"})
        self.change("secondary", f"DELETE FROM {TABLE}")
        done = self.run_command("repair", "--apply")
        self.assertEqual(done.returncode, UNDECIDED, done.stdout + done.stderr)
        self.assertIn("ENABLE_SQS_CONSUMER", done.stderr)


class Postgres(Repairing, PostgresTest):
    def setUp(self):
        super().setUp()
        self.settings = self.urls()

    def ask(self, target, sql):
        return self.psql(target, sql).split("\n") if self.psql(target, sql) else []

    def change(self, target, sql):
        self.psql(target, sql)

    def test_corruption_is_repaired_beside_a_running_service(self):
        service = self.start(self.settings)
        self.land(service, range(150))
        self.check_repair_of_corruption(3)
        self.land(service, range(150, 170))
        self.assert_same_once(170)

    def test_what_was_erased_and_put_back(self):
        self.check_what_was_erased_and_put_back()

    def test_a_table_dropped_beside_the_service_is_rebuilt(self):
        self.check_a_table_dropped_beside_the_service()

    def test_an_emptied_target_is_rebuilt_without_a_service_and_a_dropped_table_too(self):
        service = self.start(self.settings)
        self.land(service, range(100))
        service.stop()
        for loss in (f"DELETE FROM {TABLE} WHERE appsflyer_id <> 'r7'", f"DROP TABLE {TABLE}"):
            self.change("secondary", loss)
            self.assertFalse(self.command("rebuild", LEFT, "--target", "secondary")["applied"])
            self.command("rebuild", DONE, "--target", "secondary", "--apply")
            self.assert_same_once(100)

    def test_a_target_that_dies_in_the_middle_is_said_and_the_next_run_goes_on(self):
        service = self.start(self.settings)
        self.land(service, range(100))
        self.change("secondary", f"DELETE FROM {TABLE}")
        # Dies by the third batch: each batch of 20 is counted by a sequence.
        self.change("secondary", "CREATE SEQUENCE seen; CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('seen') > 60 THEN "
                    "PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$; "
                    f"CREATE TRIGGER die BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION die()")
        service.stop()
        self.settings = dict(self.settings, BATCH_ROWS_MAX="20")
        done = self.run_command("repair", "--apply", settings=self.settings)
        self.assertEqual(done.returncode, UNDECIDED, done.stdout + done.stderr)
        self.assertIn("run it again", done.stderr)
        self.assertEqual(len(self.ids("secondary")), 60)
        self.change("secondary", f"DROP TRIGGER die ON {TABLE}")
        self.repair(DONE, "--apply")
        self.assert_same_once(100)


class Redshift(Repairing, PostgresTest):
    """The primary is Redshift over the wire, the secondary Redshift by the Data API; both stand-ins."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stand_in = StandIn(cls.servers["primary"])
        cls.addClassCleanup(cls.stand_in.stop)
        cls.api = DataApi(cls.servers["secondary"])
        cls.addClassCleanup(cls.api.stop)

    def setUp(self):
        super().setUp()
        self.settings = {**self.api.credentials(), "PRIMARY_WAREHOUSE_URL": self.stand_in.redshift_url(self.database),
                         "SECONDARY_WAREHOUSE_URL": f"redshift-data://admin@{CLUSTER}/{self.database}?region={REGION}&endpoint={self.api.url}"}

    ask, change = Postgres.ask, Postgres.change

    def test_what_was_lost_doubled_and_changed_is_put_right_beside_a_running_service(self):
        service = self.start(self.settings)
        self.land(service, range(8))
        # Each target has something to be copied and something to be replaced.
        self.change("primary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'r1'; UPDATE {TABLE} SET event_key = event_key + 1 WHERE appsflyer_id = 'r2'")
        self.change("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id IN ('r3', 'r4'); INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE appsflyer_id = 'r5'")
        done = self.command("rebuild", DONE, "--target", "secondary", "--apply")
        self.assertEqual([done["receipt"][target]["copied"] for target in ("primary", "secondary")], [1, 2])
        self.assertEqual([done["receipt"][target]["replaced"] for target in ("primary", "secondary")], [1, 1])
        again = self.repair(DONE, "--apply")
        self.assertEqual((again["findings"], again["receipt"]["secondary"]["batches"]), ([], 0))
        for target in ("primary", "secondary"):
            self.assertEqual(len(self.ids(target)), 8, target)


if __name__ == "__main__":
    unittest.main()
