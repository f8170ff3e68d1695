"""Random corruption of both sides of a live system, then verify, repair, verify: everything is named, mended, and nothing doubled.

DRILL_SECONDS says for how long rows are spoilt (8), DRILL_SEED how. Prints what was done, and the primary's commit times with and without a repair beside."""

import collections
import json
import os
import random
import statistics
import threading
import time
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, wait_until
from servers import TABLE, RedshiftTest

SECONDS = float(os.environ.get("DRILL_SECONDS", "8"))
SEED = int(os.environ.get("DRILL_SEED", "1"))
EVENTS_PER_SECOND = 60
SPOILT_PER_SECOND = 6
DONE, EQUAL, DIFFERENT = 0, 0, 1
# What somebody may do to a row; the kind that `verify --deep` must give it.
DEEDS = {"delete": ("missing", f"DELETE FROM {TABLE} WHERE event_id = '%s'"),
         "value": ("changed", f"UPDATE {TABLE} SET campaign = 'spoilt', event_name = 'spoilt' WHERE event_id = '%s'"),
         "key": ("changed", f"UPDATE {TABLE} SET event_key = event_key + 1 WHERE event_id = '%s'"),
         "time": ("changed", f"UPDATE {TABLE} SET event_at = event_at + interval '40 days' WHERE event_id = '%s'"),
         "id": ("changed", f"UPDATE {TABLE} SET event_id = reverse(event_id) WHERE event_id = '%s'"),
         "double": ("doubled", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE event_id = '%s'")}


class Traffic:
    """Steady posts until told to stop."""

    def __init__(self, service):
        self.service, self.acknowledged, self.stopping = service, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        number = 0
        while not self.stopping.wait(1 / EVENTS_PER_SECOND):
            name = f"d{number}"
            moment = f"2026-01-{1 + number % 20:02} {number % 24:02}:{number % 60:02}:07"
            try:
                status = self.service.post(dict(GUIDE_EVENT, appsflyer_id=name, event_time=moment)).status
            except OSError:  # a failed test has ended the service
                return
            if status == 200:
                self.acknowledged.append(name)
            number += 1

    def stop(self):
        self.stopping.set()
        self.thread.join(PATIENCE_SECONDS)
        return self.acknowledged


class Drill(RedshiftTest):
    """The primary is PostgreSQL, the secondary Redshift, which keeps no id unique."""

    def ids(self, target):
        return self.psql(target, f"SELECT event_id FROM {TABLE}").split()

    def spoil(self, seconds):
        """By target and id, the deed. Never the same event on both sides: then nobody could mend it."""
        drawn, done, end = random.Random(SEED), {}, time.monotonic() + seconds
        while time.monotonic() < end:
            both = sorted(set(self.ids("primary")) & set(self.ids("secondary")) - {event_id for _, event_id in done})
            for event_id in drawn.sample(both, min(len(both) // 4, SPOILT_PER_SECOND)):
                target = drawn.choice(("primary", "secondary"))
                deed = drawn.choice([name for name in DEEDS if name != "double" or target == "secondary"])
                self.psql(target, DEEDS[deed][1] % event_id)
                done[target, event_id] = deed
            time.sleep(1)
        return done

    @staticmethod
    def expected(done):
        """The finding of each: of a row whose id was changed, it is the new id."""
        return {(DEEDS[deed][0], target, event_id[::-1] if deed == "id" else event_id) for (target, event_id), deed in done.items()}

    def command(self, name, *arguments):
        done = self.run_command(name, "--format", "json", "--deep", *arguments, settings=self.urls(), timeout=20 * PATIENCE_SECONDS)
        return done.returncode, json.loads(done.stdout)

    @staticmethod
    def commit_ms(service, since):
        return [line["durationMs"] for line in list(service.lines)[since:]
                if line.get("target") == "primary" and str(line.get("msg", "")).startswith("Data successfully inserted") and "durationMs" in line]

    def test_everything_is_named_and_mended_beside_live_traffic(self):
        service = self.start(self.urls())
        traffic = Traffic(service)
        wait_until(lambda: len(traffic.acknowledged) > 40, "the first events")
        since = len(service.lines)
        done = self.spoil(SECONDS)
        before = self.commit_ms(service, since)
        code, answer = self.command("verify")
        self.assertEqual(code, DIFFERENT)
        named = {(each["kind"], each["target"], each["eventId"]) for each in answer["findings"]}
        # An event whose id was changed is also missing there under its own.
        renamed = {("missing", target, event_id) for (target, event_id), deed in done.items() if deed == "id"}
        self.assertEqual(self.expected(done) - named, set())
        self.assertEqual(named - self.expected(done) - renamed, set())
        since = len(service.lines)
        code, receipt = self.command("repair", "--apply")
        self.assertEqual(code, DONE, json.dumps(receipt)[:2000])
        beside = self.commit_ms(service, since)
        code, answer = self.command("verify")
        self.assertEqual((code, answer["findings"]), (EQUAL, []))
        acknowledged = traffic.stop()
        self.wait_each_once(acknowledged)
        code, answer = self.command("verify")
        self.assertEqual((code, answer["rows"]), (EQUAL, {"primary": len(acknowledged), "secondary": len(acknowledged)}))
        self.assertEqual(self.run_command("books", settings=self.urls()).returncode, 0)
        deeds = collections.Counter(f"{deed} in {target}" for (target, _), deed in done.items())
        print(f"\n{len(acknowledged)} events, {len(done)} rows spoilt: {dict(sorted(deeds.items()))}")
        for name, times in (("before", before), ("beside the repair", beside)):
            if times:
                print(f"primary's commits {name}: {len(times)}, median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms")


if __name__ == "__main__":
    unittest.main()
