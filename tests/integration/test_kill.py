"""Killed at every step of the embedded queue, warehouse and backlog, and between the parts; losses planted; every name has its test."""

import http.client
import os
import random
import shutil
import sqlite3
import time
import unittest

import test_kill_aws
import test_kill_postgres
from harness import wait_until
from killing import TARGETS, EmbeddedKilling, all_points
from killing_books import BooksKilling, InFiles
from killing_changes import ChangesKilling

FORMAT = ("queue.sqlite.format.before_commit", "queue.sqlite.format.after_commit")
BOOKS = ("books.create.before_commit", "books.create.after_commit")
PLAIN = ("queue.sqlite.enqueue.before_commit", "queue.sqlite.enqueue.after_commit", "queue.sqlite.erase.before_commit",
         "queue.sqlite.erase.after_commit", "queue.sqlite.checkpoint.before", "queue.sqlite.checkpoint.after",
         "warehouse.sqlite.before_begin", "warehouse.sqlite.staged", "warehouse.sqlite.before_commit", "warehouse.sqlite.after_commit",
         "delivery.received", "delivery.written", "delivery.acknowledge.before", "delivery.acknowledge.after")
LOST_ANSWER = "warehouse.sqlite.after_commit=error"
MARKER = ("warehouse.sqlite.find_marker",)
IDS_ALONE_TRIES_MAX = 5
OPENING = "backlog.segments.opened"
PARKING = ("backlog.park.before", "backlog.park.after", "delivery.parked", OPENING, "backlog.segments.append.before_sync",
           "backlog.segments.append.after_sync")
DRAINING = ("backlog.fetched", "backlog.erase.before", "backlog.erase.after", "backlog.segments.settle.before", "backlog.segments.settle.after")
REMOVAL = ("backlog.segments.remove.before",)
JOURNAL = ("backlog.segments.journal.before_rename", "backlog.segments.journal.after_rename")
REFILL = ("backlog.refill.before", "backlog.refill.after")
ARCHIVE = ("books.archive.before_commit", "books.archive.after_commit")
PRUNE = ("delivery.prune.before", "warehouse.sqlite.prune.before_commit", "warehouse.sqlite.prune.after_commit")
PUBLISH = ("delivery.publish.before", "warehouse.sqlite.publish.before_commit", "warehouse.sqlite.publish.after_commit")
ERASING = ("warehouse.sqlite.erase.before_commit", "warehouse.sqlite.erase.after_commit")
MENDING = (("warehouse.sqlite.removed", "secondary"), ("warehouse.sqlite.after_commit", "primary"))
TAKEOVER = ("backlog.takeover.parked", "backlog.takeover.drained")
REFUSED_BODY = ("queue.refused.before_commit", "queue.refused.after_commit")
DROPS = ("delivery.drop_received", "delivery.drop_before_write", "delivery.drop_parked")
ROUNDS, PASSINGS_MAX = 10, 12
# A group is 16 MB: which step is met, and in which group. Each start goes on where the last one ended.
OLD_BACKLOG_EVENTS, OLD_EVENT_BYTES = 36, 600_000
TAKING_OVER = (("backlog.segments.append.before_sync", 1), ("backlog.segments.append.after_sync", 1), ("backlog.takeover.parked", 1),
               ("queue.sqlite.erase.before_commit", 1), ("backlog.takeover.parked", 2), ("queue.sqlite.erase.after_commit", 1),
               ("backlog.takeover.drained", 1))
NAMES = (*FORMAT, *BOOKS, *PLAIN, *MARKER, *PARKING, *DRAINING, *REMOVAL, *JOURNAL, *REFILL, *ARCHIVE, *PRUNE, *PUBLISH, *ERASING,
         *(name for name, _ in MENDING), *TAKEOVER, *REFUSED_BODY, *DROPS)


class Names(unittest.TestCase):
    def test_every_failpoint_is_reached_by_a_test(self):
        tried = {*NAMES, *test_kill_postgres.NAMES, *test_kill_aws.NAMES}
        self.assertEqual(sorted(all_points().keys() - tried), [], "no test reaches these")
        self.assertEqual(sorted(tried - all_points().keys()), [], "there are no such failpoints")


class Killed(EmbeddedKilling):
    def test_at_each_step(self):
        self.begin()
        for name in PLAIN:
            for at in (1, 2):  # both lanes pass the warehouse's steps
                self.die_at(name, at=at)
                self.recover()
        self.assertEqual(self.service.stop(), 0)

    def test_in_any_order_amid_what_the_last_one_left(self):
        """TWINSHIFT_KILL_SEED=N plays a failing run again, as far as threads allow."""
        seed = int(os.environ.get("TWINSHIFT_KILL_SEED") or time.time_ns() % 1_000_000)
        chance = random.Random(seed)
        for number in range(ROUNDS):
            self.begin()
            self.die_at(chance.choice(PLAIN), at=chance.randint(1, PASSINGS_MAX))
            self.case = f"seed {seed}, round {number}, {self.case}"
        self.recover()

    def test_again_and_again_on_the_way_back(self):
        """A restart that is killed where it takes up what the last one left."""
        self.begin()
        self.die_at("warehouse.sqlite.after_commit")
        for name in ("delivery.received", "warehouse.sqlite.staged", "warehouse.sqlite.after_commit", "delivery.acknowledge.before"):
            self.order(f"{name}=kill")
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
        self.recover()

    def test_while_an_answer_is_lost(self):
        self.begin()
        self.order(LOST_ANSWER)
        self.burst()
        self.wait_acted("warehouse.sqlite.after_commit error")
        self.wait_settled()
        self.check()
        for name in MARKER:
            self.die_at(name, LOST_ANSWER)
            self.recover()

    def test_while_parking(self):
        self.begin()
        for name in PARKING:
            release = self.hold_when_fresh() if name == OPENING else self.hold_when_warm()
            self.die_at(name)
            release()
            self.recover()

    def test_while_draining(self):
        self.begin()
        for name in DRAINING:
            self.case = name
            release = self.hold_when_warm()
            self.burst()
            self.wait_owed()
            self.order(f"{name}=kill")
            release()
            self.wait_killed(name, nudge=False)
            self.recover()

    def test_while_a_stop_clears_the_backlog_away(self):
        self.begin()
        release = self.hold_when_warm()
        self.burst()
        self.wait_owed()
        release()
        self.wait_settled()
        for name in REMOVAL:
            self.case = name
            self.order(f"{name}=kill")
            self.service.process.terminate()
            self.wait_killed(name, nudge=False)
        self.recover()

    def test_while_a_backlog_is_opened(self):
        self.begin()
        for name in JOURNAL:
            self.case = name
            release = self.hold_when_warm()
            self.burst()
            self.wait_owed()
            self.service.kill()
            release()
            self.order(f"{name}=kill")
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
            self.recover()

    def owe_ids_alone(self):
        """A service whose backlog keeps no bodies: the disk has more free than the reserve, so events are taken, and less than the queue's share of
        1 GB above it. Tests that run beside this one take and free hundreds of MB, so it is tried again."""
        for _ in range(IDS_ALONE_TRIES_MAX):
            status = os.statvfs(self.folder)
            free = status.f_bavail * status.f_frsize
            if free < 1_500_000_000:
                self.skipTest("needs 1.5 GB of free disk to tell a reserve from the queue's share above it")
            self.begin(DISK_RESERVE=str(free - 500_000_000))
            release = self.hold_when_warm()
            self.burst()
            self.wait_owed()
            if self.parts()["secondary"]["backlog"]["idsOnly"] > 0:
                return release
            release()
            self.wait_settled()
            self.service.stop()
        self.fail(f"{IDS_ALONE_TRIES_MAX} times the backlog kept bodies")

    def test_while_bodies_are_read_from_the_primary_again(self):
        for name in REFILL:
            self.case = name
            release = self.owe_ids_alone()
            self.order(f"{name}=kill")
            release()
            self.wait_killed(name, nudge=False)
            self.recover()
            self.service.stop()

    def test_while_an_older_backlog_is_taken_over(self):
        self.begin(ENABLE_SQS_CONSUMER="false")
        for _ in range(OLD_BACKLOG_EVENTS):
            self.send_one(campaign="x" * OLD_EVENT_BYTES)
        self.assertEqual(self.service.stop(), 0)
        # What versions before the segments kept is a file like the queue's.
        data = os.path.join(self.folder, "data")
        shutil.copy(os.path.join(data, "queue.db"), os.path.join(data, "secondary-backlog.db"))
        for name, at in TAKING_OVER:
            self.case = f"{name}@{at}"
            self.order(f"{name}=kill@{at}")
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
        self.recover()
        self.assertEqual(len(self.answered), len(self.landed("secondary")))
        self.assertFalse(os.path.exists(os.path.join(data, "secondary-backlog.db")))

    def test_while_a_body_is_refused(self):
        """Kept first, then answered."""
        self.begin()
        for name, kept in zip(REFUSED_BODY, (0, 1)):
            self.case = name
            self.order(f"{name}=kill")
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.service.post("no JSON")
            self.wait_killed(name, nudge=False)
            self.begin()
            self.assertEqual(self.refused_bodies(), kept)
        self.assertEqual(self.service.post("no JSON either").status, 400)
        self.assertEqual(self.refused_bodies(), 2)

    def refused_bodies(self):
        with sqlite3.connect(f"file:{os.path.join(self.folder, 'data', 'refused.db')}?mode=ro", uri=True) as file:
            count = file.execute("SELECT count(*) FROM refused").fetchone()[0]
        file.close()
        return count

    def test_at_the_first_start(self):
        for name in (*FORMAT, *BOOKS):
            self.case = name
            self.order(f"{name}=kill")
            shutil.rmtree(os.path.join(self.folder, "data"), ignore_errors=True)
            self.sent, self.answered = set(), set()
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
            self.recover()
            self.burst()
            self.wait_settled()
            self.check_all()
            self.assertEqual(self.service.stop(), 0)

    def test_while_an_older_file_is_taken_over(self):
        self.begin(ENABLE_SQS_CONSUMER="false")
        self.burst()
        self.assertEqual(self.service.stop(), 0)
        path = os.path.join(self.folder, "data", "queue.db")
        with sqlite3.connect(path) as file:
            file.executescript("DROP TABLE arrivals; PRAGMA user_version=1")  # as version 1 left it
        file.close()
        for name in FORMAT:
            self.case = name
            self.order(f"{name}=kill")
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
        self.recover()
        self.assertEqual(len(self.answered), len(self.landed("primary")))


class KilledAtAPersonsCommand(InFiles, ChangesKilling, EmbeddedKilling):
    def test_while_it_erases_and_while_it_repairs(self):
        self.kill_while_changing(ERASING, MENDING)


class KilledAtItsBooks(InFiles, BooksKilling, EmbeddedKilling):
    def test_while_old_markers_are_summed_up_and_removed(self):
        self.kill_while_removing((*ARCHIVE, *PRUNE))

    def test_while_they_are_published(self):
        self.kill_while_publishing(PUBLISH[:1])

    def test_while_they_are_published_with_debts(self):
        """What the killed process said is owed is paid by the next one, which says so."""
        for name in PUBLISH[1:]:
            self.case = name
            self.begin()
            release = self.hold_when_warm()
            self.burst()
            self.wait_owed()
            self.die_while_stopping(name)
            release()
            self.recover()
            self.check_published()


class Steps(EmbeddedKilling):
    def test_a_pause_lasts_as_long_as_the_plan_says(self):
        self.begin()
        self.order("delivery.received=pause")
        self.burst()
        self.wait_acted("delivery.received pause")
        self.assertEqual(self.queue_depth(), len(self.answered))
        self.order()
        self.wait_settled()
        self.check()

    def test_a_plan_that_cannot_be_is_told_at_the_start(self):
        self.order("delivery.writen=kill")
        service = self.launch_failing()
        self.assertEqual(service.wait_exit(), 2)
        self.assertIn("no failpoint of that name", "".join(service.errors))


class Drops(EmbeddedKilling):
    """One event lost without a word: the books find it, and so does counting from outside."""

    def lose_one(self, name):
        self.order(f"{name}=drop")
        self.burst()
        self.wait_acted(f"{name} drop")
        self.wait_settled()

    def residuals(self):
        """By target: answered - landed, the same by the markers, and the residual of the books."""
        counts = {target: len(self.missing(target)) for target in TARGETS}
        self.assertEqual({target: len(self.answered) - self.inserted(target) for target in TARGETS}, counts)
        self.assertEqual(self.books(), (3, counts))
        wait_until(lambda: {t: self.parts()[t]["books"]["missing"] for t in TARGETS} == counts, "/ready to show it within an interval")
        with self.assertRaisesRegex(AssertionError, "lost in"):
            self.check()  # what the other tests believe does see it
        return counts

    def test_received_and_given_to_nobody(self):
        self.begin(BOOKS_INTERVAL="1000")
        self.lose_one("delivery.drop_received")
        self.assertEqual(self.residuals(), {"primary": 1, "secondary": 1})
        self.assertEqual(self.missing("primary"), self.missing("secondary"))

    def test_reported_as_written(self):
        self.begin(BOOKS_INTERVAL="1000")
        self.lose_one("delivery.drop_before_write")
        self.assertEqual(sorted(self.residuals().values()), [0, 1])

    def test_reported_as_parked(self):
        self.begin(BOOKS_INTERVAL="1000")
        self.burst()
        self.wait_settled()
        release = self.hold_secondary()
        self.send_one()
        self.wait_owed()  # this one's batch is under way and will still commit; what comes now is in none
        self.order("delivery.drop_parked=drop")
        self.burst()
        self.wait_acted("delivery.drop_parked drop")
        release()
        self.wait_settled()
        self.assertEqual(self.residuals(), {"primary": 0, "secondary": 1})


del EmbeddedKilling  # no test cases of their own
if __name__ == "__main__":
    unittest.main()
