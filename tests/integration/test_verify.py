"""`twinshift verify` on the real binary: beside live traffic, with debts, and with rows changed behind our back."""

import json
import random
import sqlite3
import threading
import unittest

from harness import GUIDE_EVENT
from servers import TABLE, PostgresTest

EQUAL, DIFFERENT, UNDECIDED = 0, 1, 2


def event(number):
    return dict(GUIDE_EVENT, appsflyer_id=f"v{number}", event_time=f"2026-01-{1 + number % 20:02} {number % 24:02}:{number % 60:02}:07.000")


class Verify(PostgresTest):
    """Two PostgreSQL servers."""

    def verify(self, expected, *arguments, **settings):
        done = self.run_command("verify", "--format", "json", *arguments, settings=self.urls(**settings))
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(done.stdout)

    @staticmethod
    def named(answer):
        return sorted((each["kind"], each["target"], each["eventId"]) for each in answer["findings"])

    def land(self, service, events):
        for number in range(events):
            self.assertEqual(service.post(event(number)).status, 200)
        self.wait_each_once([f"v{number}" for number in range(events)])

    def ids(self, target):
        return self.psql(target, f"SELECT event_id FROM {TABLE} ORDER BY event_id").split()

    def test_equal_targets_are_equal_with_and_without_a_service(self):
        service = self.start(self.urls())
        self.land(service, 60)
        answer = self.verify(EQUAL)
        self.assertEqual((answer["verdict"], answer["rows"]), ("equal", {"primary": 60, "secondary": 60}))
        service.stop()
        self.assertEqual(self.verify(EQUAL)["findings"], [])

    def test_everything_that_was_changed_is_named(self):
        service = self.start(self.urls())
        self.land(service, 300)
        drawn = random.Random(7).sample(self.ids("primary"), 12)
        gone_secondary, gone_primary, doubled, rekeyed, moved = drawn[:5], drawn[5:8], drawn[8:10], drawn[10:11], drawn[11:]
        quoted = lambda ids: ", ".join(f"'{each}'" for each in ids)
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE event_id IN ({quoted(gone_secondary)})")
        self.psql("primary", f"DELETE FROM {TABLE} WHERE event_id IN ({quoted(gone_primary)})")
        self.psql("secondary", f"DROP INDEX {TABLE}_event_id; INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE event_id IN ({quoted(doubled)})")
        self.psql("primary", f"UPDATE {TABLE} SET event_key = event_key + 1 WHERE event_id IN ({quoted(rekeyed)})")
        self.psql("secondary", f"UPDATE {TABLE} SET event_at = event_at + interval '40 days' WHERE event_id IN ({quoted(moved)})")
        expected = [("missing", "secondary", each) for each in gone_secondary] + [("missing", "primary", each) for each in gone_primary]
        expected += [("doubled", "secondary", each) for each in doubled] + [("changed", "primary", each) for each in rekeyed] + [("changed", "secondary", each) for each in moved]
        self.assertEqual(self.named(self.verify(DIFFERENT)), sorted(expected))
        self.assertEqual(self.named(self.verify(DIFFERENT, "--window", "30m")), sorted(expected))

    def test_a_deep_look_names_what_was_changed_in_place_and_its_columns(self):
        service = self.start(self.urls())
        self.land(service, 80)
        renamed, revalued, emptied, extra = random.Random(3).sample(self.ids("primary"), 4)
        self.psql("primary", f"UPDATE {TABLE} SET event_name = 'other', campaign = 'x' WHERE event_id = '{revalued}'")
        self.psql("secondary", f"UPDATE {TABLE} SET appsflyer_id = NULL WHERE event_id = '{emptied}'")
        self.psql("secondary", f"UPDATE {TABLE} SET event_id = 'ffffffffffffffffffffffffffffffff' WHERE event_id = '{renamed}'")
        self.psql("secondary", f"""UPDATE {TABLE} SET extra = '{{"new_field": 1}}' WHERE event_id = '{extra}'""")
        self.assertEqual(self.verify(EQUAL)["findings"], [])  # digests see no content
        answer = self.verify(DIFFERENT, "--deep")
        self.assertEqual(sorted((each["target"], each["eventId"], each["columns"], each.get("contentId")) for each in answer["findings"]),
                         sorted([("primary", revalued, "campaign, event_name", None), ("secondary", emptied, "appsflyer_id", None),
                                 ("secondary", "f" * 32, "event_id", renamed), ("secondary", extra, "event_time, new_field", None)]))

    def test_what_another_instance_may_owe_cannot_be_told(self):
        service = self.start(self.urls())
        self.land(service, 20)
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'v3'")
        self.assertEqual([kind for kind, _, _ in self.named(self.verify(DIFFERENT))], ["missing"])
        hour, now = "date_trunc('hour', now() AT TIME ZONE 'UTC')", "now() AT TIME ZONE 'UTC'"
        debt, nothing = (f"'secondary', {hour}, 9, {{}}, {now}".format(counts) for counts in ("1, 0, 0", "0, 0, 0"))
        word = f"'{{}}', timestamp '1970-01-01', 0, 0, 0, 0, {now} + interval '{{}} seconds'"
        for rows in ([debt, word.format("running", 15)], [nothing, word.format("running", -180)], [word.format("running", 300)]):
            self.say(rows)
            answer = self.verify(UNDECIDED)
            self.assertEqual([kind for kind, _, _ in self.named(answer)], ["undecided"], rows)
            self.assertIn("DELETE FROM twinshift_owed WHERE instance = 'another'", answer["reasons"][0])
        for rows in ([nothing, word.format("settled", -180)], []):
            self.say(rows)
            self.assertEqual([kind for kind, _, _ in self.named(self.verify(DIFFERENT))], ["missing"], rows)

    def say(self, rows):
        columns = "(table_name, instance, target, arrival_at, received, owed, quarantined, waived, as_of)"
        self.psql("primary", "DELETE FROM twinshift_owed WHERE instance = 'another'")
        for row in rows:
            self.psql("primary", f"INSERT INTO twinshift_owed {columns} VALUES ('appsflyer_events', 'another', {row})")

    def test_what_another_has_not_told_yet_is_looked_at_again_once_it_has(self):
        service = self.start(self.urls())
        self.land(service, 20)
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'v3'")
        word = "'running', timestamp '1970-01-01', 0, 0, 0, 0, now() AT TIME ZONE 'UTC' {}"
        self.say([word.format("- interval '20 seconds'")])
        answers = []
        looking = threading.Thread(target=lambda: answers.append(self.verify(DIFFERENT)))
        looking.start()
        while looking.is_alive():
            looking.join(3)
            self.say([word.format("+ interval '5 seconds'")])  # as an instance does, again and again
        self.assertEqual([kind for kind, _, _ in self.named(answers[0])], ["missing"])

    def test_what_is_owed_is_no_difference(self):
        service = self.start(self.urls())
        self.land(service, 20)
        service.stop()
        away = {"SECONDARY_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/away"}
        service = self.start(self.urls(**away))
        for number in range(20, 50):
            self.assertEqual(service.post(event(number)).status, 200)
        self.wait_each_once([f"v{number}" for number in range(50)], ("primary",))
        service.stop()  # whatever is under way is parked
        answer = self.verify(EQUAL)
        self.assertEqual((answer["rows"], answer["findings"]), ({"primary": 50, "secondary": 20}, []))
        self.psql("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'v3'")
        self.assertEqual([kind for kind, _, _ in self.named(self.verify(DIFFERENT))], ["missing"])

    def test_beside_live_traffic_nothing_is_named_that_is_on_its_way(self):
        service = self.start(self.urls())
        stop = threading.Event()

        def send():
            number = 0
            while not stop.is_set():
                service.post(event(number))
                number += 1

        sender = threading.Thread(target=send)
        sender.start()
        try:
            self.wait_each_once(["v0"])
            for _ in range(3):
                self.verify(EQUAL)
        finally:
            stop.set()
            sender.join()

    def test_a_target_that_does_not_answer_cannot_be_told(self):
        answer = self.verify(UNDECIDED, SECONDARY_WAREHOUSE_URL="postgresql://nobody@127.0.0.1:1/away")
        self.assertTrue(answer["failed"])

    def test_an_answer_that_cannot_be_written_is_no_answer(self):
        service = self.start(self.urls())
        self.land(service, 3)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.run_command("verify", settings=self.urls(), stdout=full)
        self.assertEqual(done.returncode, UNDECIDED)
        self.assertIn("the answer could not be written whole: No space left on device", done.stderr)

    def test_fewer_than_no_ids_are_refused(self):
        for command in (("verify",), ("repair",), ("rebuild", "--target", "primary")):
            done = self.run_command(*command, "--ids-max", "-1", settings=self.urls())
            self.assertEqual(done.returncode, UNDECIDED, done.stdout + done.stderr)
            self.assertIn("--ids-max", done.stderr)

    def test_wrong_ranges_are_refused_and_empty_ones_are_equal(self):
        service = self.start(self.urls())
        self.land(service, 5)
        for arguments in (("--from", "yesterday"), ("--from", "2026-02-01", "--to", "2026-01-01"), ("--window", "90s")):
            done = self.run_command("verify", *arguments, settings=self.urls())
            self.assertEqual((done.returncode, done.stdout), (UNDECIDED, ""), arguments)
            self.assertIn(arguments[0], done.stderr)
        self.assertEqual(self.verify(EQUAL, "--from", "2031-01-01")["windows"], 0)

    def test_two_drivers_agree(self):
        mixed = {"SECONDARY_WAREHOUSE_URL": "sqlite:./data/secondary.db"}
        service = self.start(self.urls(**mixed))
        self.land_mixed(service, 40)
        self.assertEqual(self.verify(EQUAL, **mixed)["rows"], {"primary": 40, "secondary": 40})
        with sqlite3.connect(service.warehouse("secondary")) as database:
            database.execute(f"DELETE FROM {TABLE} WHERE appsflyer_id = 'v7'")
        self.assertEqual([(kind, target) for kind, target, _ in self.named(self.verify(DIFFERENT, **mixed))], [("missing", "secondary")])

    def land_mixed(self, service, events):
        for number in range(events):
            self.assertEqual(service.post(event(number)).status, 200)
        self.wait_each_once([f"v{number}" for number in range(events)], ("primary",))
        service.wait_landed(events, targets=("secondary",))


if __name__ == "__main__":
    unittest.main()
