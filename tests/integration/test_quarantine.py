"""What a target refuses for good: quarantined with its reason, its neighbours landed, replayed or dropped by a command."""

import json
import os
import stat
import unittest

from harness import GUIDE_EVENT, wait_until
from servers import TABLE, PostgresTest

SECRET = "refuse-me-4711"
CHECK = f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> '{SECRET}')"


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class Quarantine(PostgresTest):
    def start_with_check(self, *targets):
        service = self.start(self.urls())
        self.send(service, event("first"))
        self.wait_each_once(["first"])
        for target in targets:
            self.psql(target, CHECK)
        return service

    def send(self, service, *events):
        for each in events:
            self.assertEqual(service.post(each).status, 200)

    def quarantine(self, *arguments, code=0):
        done = self.run_command("quarantine", *arguments, settings=self.urls())
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def records(self, *arguments):
        return [json.loads(line) for line in self.quarantine("list", "--format", "json", *arguments).splitlines() if line.startswith("{")]

    def wait_records(self, count):
        return wait_until(lambda: (r := self.records()) and len(r) >= count and r, f"{count} records in the quarantine")

    def refuse(self, service, name, neighbours, targets=1):
        self.send(service, event(name, campaign=SECRET))
        # The refusal is believed once another row was inserted after it, so neighbours come until then.
        sent = []

        def one_more():
            sent.append(f"{neighbours}{len(sent)}")
            self.send(service, event(sent[-1]))
            found = [r for r in self.records() if r["event"]["appsflyer_id"] == name]
            return found if len(found) >= targets else None
        records = wait_until(one_more, f"{name} in the quarantine")
        return records, sent

    def test_one_side_refuses_and_a_replay_lands_it(self):
        service = self.start_with_check("secondary")
        records, neighbours = self.refuse(service, "bad", "n")
        self.assertEqual(len(records), 1)
        record = records[0]
        self.assertEqual((record["target"], record["errorClass"], record["bothSides"]), ("secondary", "23514", False))
        self.assertEqual(record["event"], event("bad", campaign=SECRET))
        self.wait_each_once(["first", *neighbours], ("secondary",))
        self.wait_each_once(["first", "bad", *neighbours], ("primary",))
        wait_until(lambda: service.request("GET", "/ready").json()["parts"]["secondary"]["quarantined"] == 1, "/ready to show it")
        self.assertEqual(service.request("GET", "/ready").json()["parts"]["secondary"]["owed"], 0)
        # Neither the log nor the list holds the event's values.
        self.assertNotIn(SECRET.encode(), b"".join(service.raw))
        table = self.quarantine("list")
        self.assertIn("this side only", table)
        self.assertNotIn(SECRET, table)
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret")
        self.assertIn("1 of 1 records sent", self.quarantine("replay", str(record["id"])))
        self.wait_each_once(["first", "bad", *neighbours])
        self.assertEqual(self.records(), [])
        self.assertEqual(service.stop(), 0)

    def test_both_sides_refuse_and_the_quarantine_outlives_the_process(self):
        service = self.start_with_check("primary", "secondary")
        records, _ = self.refuse(service, "bad", "n", targets=2)
        self.assertEqual(sorted(r["target"] for r in records), ["primary", "secondary"])
        self.assertTrue(all(r["bothSides"] for r in records))
        service.kill()
        self.assertEqual(len(self.records()), 2)
        out = os.path.join(self.folder, "out.ndjson")
        self.quarantine("export", "--out", out)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        with open(out, encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["event"]["appsflyer_id"] for line in file], ["bad", "bad"])
        # No service runs: the command does it itself, and the next start lands it.
        for target in ("primary", "secondary"):
            self.psql(target, f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret")
        self.assertIn("2 of 2 records sent", self.quarantine("replay", "--all"))
        self.assertEqual(self.records(), [])
        service = self.start(self.urls())
        self.wait_each_once(["first", "bad"])
        self.assertEqual(service.stop(), 0)

    def test_a_replay_that_is_refused_again_is_quarantined_again(self):
        service = self.start_with_check("primary")
        records, _ = self.refuse(service, "bad", "n")
        # Sent, though it may be refused before its record could go: then that record stays, with one more refusal.
        self.assertIn("1 of 1 records sent", self.quarantine("replay", "--all", "--target", "primary"))
        more = []

        def again():
            more.append(f"m{len(more)}")
            self.send(service, event(more[-1]))
            return [r for r in self.records() if r["id"] > records[0]["id"] or r["tries"] > records[0]["tries"]]
        wait_until(again, "its second record")
        self.assertEqual(service.stop(), 0)

    def test_drop_asks_first(self):
        service = self.start_with_check("secondary")
        records, _ = self.refuse(service, "bad", "n")
        number = str(records[0]["id"])
        self.quarantine("drop", number, code=2)
        self.assertEqual(json.loads(self.quarantine("show", number))["event"]["campaign"], SECRET)
        self.assertIn("1 of 1 records dropped", self.quarantine("drop", "--yes", number))
        self.quarantine("show", number, code=1)
        self.assertEqual(service.stop(), 0)

    def test_a_table_that_refuses_everything_quarantines_nothing(self):
        service = self.start(self.urls())
        self.send(service, event("first"))
        self.wait_each_once(["first"])
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD CONSTRAINT nothing CHECK (appsflyer_id = 'first')")
        names = [f"n{i}" for i in range(40)]
        self.send(service, *(event(name) for name in names))
        service.wait_log(lambda l: "its table must be at fault" in l.get("msg", "") and l.get("target") == "secondary")
        self.wait_each_once(["first", *names], ("primary",))
        self.assertEqual(self.records(), [])
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP CONSTRAINT nothing")
        self.wait_each_once(["first", *names])
        self.assertEqual(self.records(), [])
        self.assertEqual(service.stop(), 0)

    def test_nothing_was_ever_refused(self):
        self.assertEqual(self.quarantine("list"), "")  # the sentence goes to standard error
        self.quarantine("show", "1", code=1)
        self.assertEqual(self.quarantine("replay", "--all"), "")


if __name__ == "__main__":
    unittest.main()
