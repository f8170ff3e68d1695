"""The books on the real binary: what was received is accounted for, hour by hour, whatever became of it."""

import glob
import json
import os
import unittest

from harness import GUIDE_EVENT, wait_until
from servers import TABLE, PostgresTest

SECRET = "refuse-me-4711"
CHECK = f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> '{SECRET}')"
SIDES = ("received", "landed", "duplicate", "quarantined", "owed", "waived", "residual")


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class Books(PostgresTest):
    def send(self, service, *events):
        for each in events:
            self.assertEqual(service.post(each).status, 200)

    def command(self, *arguments, code=0, **settings):
        """`code`: the exit code it must have, or None for one that a wait may meet on its way."""
        done = self.run_command(*arguments, settings=self.urls(**settings))
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def books(self, code=0, **settings):
        """target -> the sums over its hours, and the set of its hours' states."""
        rows = json.loads(self.command("books", "--format", "json", code=code, **settings).stdout or "[]")
        books = {}
        for row in rows:
            target = books.setdefault(row["target"], {side: 0 for side in SIDES} | {"states": set()})
            for side in SIDES:
                target[side] += int(row[side])
            target["states"].add(row["state"])
        return books

    def wait_books(self, target, expected, **settings):
        wait_until(lambda: {side: count for side, count in self.books(None, **settings).get(target, {}).items() if side in expected} == expected,
                   f"{target}'s books to say {expected}")

    def test_resends_are_duplicates_and_everything_closes(self):
        service = self.start(self.urls())
        self.send(service, *(event(f"e{i}") for i in range(10)), *(event(f"e{i}") for i in range(4)))
        for target in ("primary", "secondary"):
            self.wait_books(target, {"received": 14, "landed": 10, "duplicate": 4, "owed": 0, "residual": 0})
            self.assertEqual(self.books()[target]["states"], {"closed"})
        self.assertIn("secondary: nothing is missing of 14 received", self.command("books").stdout)
        service.stop()
        self.assertEqual(self.books()["secondary"]["landed"], 10)  # counted by the command itself
        service = self.start(self.urls())
        self.send(service, event("later"))
        self.wait_books("primary", {"received": 15, "landed": 11, "residual": 0})

    def test_what_was_counted_is_published_at_a_stop_at_the_latest(self):
        service = self.start(self.urls())
        self.send(service, *(event(f"e{i}") for i in range(5)))
        self.wait_books("secondary", {"received": 5, "landed": 5, "residual": 0})
        self.assertEqual(service.stop(), 0)
        rows = json.loads(self.command("books", "--instances", "--format", "json").stdout)
        self.assertEqual([(row["target"], row["received"], row["owed"]) for row in rows], [("primary", 5, 0), ("secondary", 5, 0)])
        self.assertEqual(len({row["instance"] for row in rows}), 1)
        self.assertIn("received", self.command("books", "--instances").stdout)

    def test_what_is_gone_from_a_table_of_markers_is_missing(self):
        service = self.start(self.urls(BOOKS_INTERVAL="1s"))
        self.send(service, *(event(f"e{i}") for i in range(3)))
        self.wait_books("secondary", {"landed": 3, "residual": 0})
        self.psql("secondary", "UPDATE twinshift_loads SET inserted = inserted - 1 WHERE inserted > 0 AND batch_id = "
                               "(SELECT max(batch_id) FROM twinshift_loads WHERE inserted > 0)")
        line = service.wait_log(lambda l: l["msg"] == "The books do not close: events are missing")
        self.assertEqual((line["target"], line["missing"], line["level"]), ("secondary", 1, "error"))
        self.assertEqual(self.books(code=3)["secondary"]["states"], {"missing"})
        self.assertEqual(self.books(code=3)["primary"]["states"], {"closed"})
        self.assertEqual(service.request("GET", "/ready").json()["parts"]["secondary"]["books"]["missing"], 1)
        metrics = service.request("GET", "/metrics")
        self.assertIn("text/plain", metrics.headers["content-type"])
        text = metrics.body.decode()
        self.assertIn('twinshift_books_missing{target="secondary"} 1', text)
        self.assertIn('twinshift_books_missing{target="primary"} 0', text)
        self.assertIn('twinshift_books_events{target="primary",side="landed"} 3', text)

    def lose_one(self, service):
        """One event of three is gone from the secondary's markers; the hour, once two counts have shown it."""
        self.send(service, *(event(f"e{i}") for i in range(3)))
        self.wait_books("secondary", {"landed": 3, "residual": 0})
        self.psql("secondary", "UPDATE twinshift_loads SET inserted = inserted - 1 WHERE inserted > 0 AND batch_id = "
                               "(SELECT max(batch_id) FROM twinshift_loads WHERE inserted > 0)")
        service.wait_log(lambda l: l["msg"] == "The books do not close: events are missing")
        rows = json.loads(self.command("books", "--format", "json", code=3).stdout)
        return next(row["hour"] for row in rows if row["state"] == "missing")

    def books_part(self, service):
        return service.request("GET", "/ready").json()["parts"]["secondary"]["books"]

    def waive(self, hour, events, *more, code=0):
        return self.command("books", "waive", "--target", "secondary", "--hour", hour, "--events", str(events), *more, code=code)

    def test_a_loss_that_was_looked_into_is_signed_off(self):
        service = self.start(self.urls(BOOKS_INTERVAL="1s"))
        hour = self.lose_one(service)
        self.assertIn("only 1 events of this hour are missing, not 2", self.waive(hour, 2, "--yes", code=1).stderr)
        self.assertIn("1 of 1 missing events", self.waive(hour, 1, code=2).stderr)
        self.assertEqual(self.books_part(service)["missing"], 1)
        self.assertIn("nothing was signed off", self.command("books", "waive", "--list").stdout)
        self.assertIn("the hour is closed", self.waive(hour, 1, "--reason", "by hand", "--yes").stdout)
        line = service.wait_log(lambda l: l["msg"] == "Missing events were signed off: the books count them as waived")
        self.assertEqual((line["target"], line["hour"], line["events"], line["reason"]), ("secondary", hour, 1, "by hand"))
        self.assertEqual(self.books_part(service)["missing"], 0)
        self.assertIn('twinshift_books_missing{target="secondary"} 0', service.request("GET", "/metrics").body.decode())
        service.kill()
        self.assertEqual(self.books()["secondary"], {"received": 3, "landed": 2, "duplicate": 0, "quarantined": 0, "owed": 0, "waived": 1,
                                                     "residual": 0, "states": {"closed"}})
        self.assertIn("1 signed off as lost", self.command("books").stdout)
        listed = json.loads(self.command("books", "waive", "--list", "--format", "json").stdout)
        self.assertEqual([(row["target"], row["hour"], row["events"], row["reason"]) for row in listed], [("secondary", hour, 1, "by hand")])

    def test_a_loss_is_signed_off_while_no_service_runs(self):
        service = self.start(self.urls(BOOKS_INTERVAL="1s"))
        hour = self.lose_one(service)
        self.assertEqual(service.stop(), 0)
        self.assertIn("1 of 1 missing events", self.waive(hour, 1, code=2).stderr)
        self.assertIn("the hour is closed", self.waive(hour, 1, "--yes").stdout)
        self.assertIn("nothing is missing for certain in this hour: it is closed", self.waive(hour, 1, "--yes", code=1).stderr)
        self.waive("2026-11-26T19:30Z", 1, "--yes", code=2)
        self.command("books", "waive", "--target", "secondary", code=2)

    def test_books_that_were_removed_begin_anew_and_call_nothing_missing(self):
        service = self.start(self.urls())
        self.send(service, *(event(f"e{i}") for i in range(3)))
        self.wait_books("secondary", {"landed": 3, "residual": 0})
        self.assertEqual(service.stop(), 0)
        for name in glob.glob(os.path.join(self.folder, "data", "books.db*")):
            os.remove(name)
        service = self.start(self.urls())
        self.send(service, event("later"))
        self.wait_books("primary", {"received": 4, "owed": 0})
        text = self.command("books").stdout
        self.assertRegex(text, "primary: nothing is missing of [01] received")  # 1 where an hour has begun since
        self.assertEqual(text.count("The counting began anew at "), 1)
        self.assertEqual(self.books_part(service)["missing"], 0)

    def test_quarantined_then_replayed_or_dropped(self):
        service = self.start(self.urls())
        self.send(service, event("first"))
        self.wait_books("secondary", {"landed": 1})
        self.psql("secondary", CHECK)
        self.send(service, event("bad", campaign=SECRET), event("worse", campaign=SECRET))
        sent = []

        def both_there():
            sent.append(f"n{len(sent)}")
            self.send(service, event(sent[-1]))
            return self.books()["secondary"]["quarantined"] == 2
        wait_until(both_there, "two events in the quarantine")
        received = 3 + len(sent)
        self.wait_books("secondary", {"received": received, "landed": received - 2, "quarantined": 2, "owed": 0, "residual": 0})
        ids = sorted(json.loads(line)["id"] for line in self.command("quarantine", "list", "--format", "json").stdout.splitlines())
        self.command("quarantine", "drop", str(ids[0]), "--yes")
        self.wait_books("secondary", {"received": received, "quarantined": 1, "waived": 1, "residual": 0})
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret")
        self.command("quarantine", "replay", str(ids[1]))
        self.wait_books("secondary", {"received": received, "landed": received - 1, "quarantined": 0, "waived": 1, "owed": 0, "residual": 0})
        self.wait_books("primary", {"received": received, "landed": received, "waived": 0, "residual": 0})

    def refuse_resends(self, service, *names):
        """Each name's event twice, both refused by the secondary; how many events were sent in all, with the neighbours that prove the table."""
        self.send(service, event("first"))
        self.wait_books("secondary", {"landed": 1})
        self.psql("secondary", CHECK)
        for _ in range(2):
            self.send(service, *(event(name, campaign=SECRET) for name in names))
        neighbours = []

        def all_there():
            neighbours.append(f"n{len(neighbours)}")
            self.send(service, event(neighbours[-1]))
            return self.books()["secondary"]["quarantined"] == 2 * len(names)
        wait_until(all_there, "every message of the refused events in the quarantine")
        return 1 + 2 * len(names) + len(neighbours)

    def test_two_messages_of_one_refused_event_are_two_in_the_books(self):
        service = self.start(self.urls())
        received = self.refuse_resends(service, "dropped", "replayed")
        self.wait_books("secondary", {"received": received, "landed": received - 4, "duplicate": 0, "quarantined": 4, "owed": 0, "residual": 0})
        records = [json.loads(line) for line in self.command("quarantine", "list", "--format", "json").stdout.splitlines()]
        self.assertEqual([record["messages"] for record in records], [2, 2])
        ids = sorted(record["id"] for record in records)
        arrivals = json.loads(self.command("quarantine", "show", str(ids[0])).stdout)["arrivals"]
        self.assertEqual(len({arrival["messageId"] for arrival in arrivals}), 2)
        self.assertEqual(len({arrival["receivedAt"] for arrival in arrivals}), 2)
        self.command("quarantine", "drop", str(ids[0]), "--yes")
        self.wait_books("secondary", {"received": received, "quarantined": 2, "waived": 2, "residual": 0})
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret")
        self.command("quarantine", "replay", str(ids[1]))
        self.wait_books("secondary", {"received": received, "landed": received - 3, "duplicate": 1, "quarantined": 0, "waived": 2, "owed": 0, "residual": 0})
        self.wait_books("primary", {"received": received, "landed": received - 2, "duplicate": 2, "waived": 0, "residual": 0})
        self.assertEqual(self.books()["secondary"]["states"], {"closed"})

    def test_what_comes_while_the_secondary_is_off_is_waived(self):
        service = self.start(self.urls())
        self.send(service, event("on"))
        self.wait_books("secondary", {"landed": 1, "residual": 0})
        service.stop()
        off = {"SECONDARY_REDSHIFT_ENABLED": "false"}
        service = self.start(self.urls(**off))
        self.send(service, event("off"))
        self.wait_books("primary", {"landed": 2, "residual": 0}, **off)
        self.assertNotIn("secondary", self.books(**off))  # it is not asked
        service.stop()
        self.start(self.urls())
        self.wait_books("secondary", {"received": 2, "landed": 1, "waived": 1, "residual": 0})

    def test_a_target_that_is_away_keeps_its_hours_open_and_no_other(self):
        service = self.start(self.urls(PARK_AFTER="100", SECONDARY_WAREHOUSE_URL="postgresql://nobody@127.0.0.1:9/none"))
        self.send(service, event("e0"), event("e1"))
        away = {"SECONDARY_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:9/none"}
        self.wait_books("primary", {"landed": 2, "residual": 0}, **away)
        self.assertIn("secondary: not counted yet", self.command("books", code=1, **away).stdout)
        service.stop()
        self.start(self.urls())
        self.wait_books("secondary", {"received": 2, "landed": 2, "owed": 0, "residual": 0})


if __name__ == "__main__":
    unittest.main()
