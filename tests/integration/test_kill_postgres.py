"""Killed at every step of a batch in PostgreSQL (primary) and in Redshift over the wire (the stand-in, secondary), and of the quarantine."""

import json
import unittest

from harness import wait_until
from killing import BEGINNING, Killing
from killing_books import BooksKilling, OnServers
from killing_changes import ChangesKilling
from servers import TABLE, PostgresTest, SqsServer
from with_servers import StandIn

POSTGRES = ("warehouse.postgres.before_begin", "warehouse.postgres.copying", "warehouse.postgres.before_commit", "warehouse.postgres.after_commit")
STAGE = ("warehouse.postgres.staged",)
REDSHIFT = ("warehouse.redshift.before_stage", "warehouse.redshift.staged", "warehouse.redshift.locked", "warehouse.redshift.before_commit",
            "warehouse.redshift.after_commit")
MARKER = (("warehouse.postgres.after_commit", "warehouse.postgres.find_marker"),
          ("warehouse.redshift.after_commit", "warehouse.redshift.find_marker"))
QUARANTINE = ("quarantine.sqlite.put.before_commit", "quarantine.sqlite.put.after_commit", "delivery.quarantined")
REPLAY = ("quarantine.replay.sent", "quarantine.sqlite.remove.before_commit", "quarantine.sqlite.remove.after_commit")
DROP = ("quarantine.drop.removed",)
PRUNE = ("warehouse.postgres.prune.after_commit", "warehouse.redshift.prune.after_commit")
PUBLISH = ("warehouse.postgres.publish.after_commit",)
PUBLISH_REDSHIFT = ("warehouse.redshift.publish.after_commit",)
ERASING = ("warehouse.postgres.erase.after_commit", "warehouse.redshift.erase.after_commit")
MENDING = (("warehouse.postgres.removed", "primary"), ("warehouse.redshift.removed", "secondary"))
QUARANTINE_QUEUE = ("quarantine.queue.put.before", "quarantine.queue.put.after")
NAMES = (*POSTGRES, *STAGE, *REDSHIFT, *(find for _, find in MARKER), *QUARANTINE, *REPLAY, *DROP, *PRUNE, *PUBLISH, *PUBLISH_REDSHIFT, *ERASING,
         *(name for name, _ in MENDING), *QUARANTINE_QUEUE)

REFUSED = "refuse-me-4711"
CHECK = f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> '{REFUSED}') NOT VALID"
MEND = f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret"


class ServerKilling(Killing, PostgresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stand_in = StandIn(cls.servers["secondary"])
        cls.addClassCleanup(cls.stand_in.stop)

    def settings(self):
        return self.urls(SECONDARY_WAREHOUSE_URL=self.stand_in.redshift_url(self.database))

    def inserted(self, target, since=BEGINNING):
        return int(self.psql(target, f"SELECT coalesce(sum(inserted), 0) FROM twinshift_loads WHERE written_at >= '{since}'"))


class Killed(ServerKilling):
    def test_at_each_step(self):
        self.begin()
        for name in (*POSTGRES, *REDSHIFT):
            self.die_at(name)
            self.recover()
        self.assertEqual(self.service.stop(), 0)

    def test_among_duplicates(self):
        """The stage: a batch that holds what stands there already."""
        self.begin()
        self.burst()
        self.wait_settled()
        for name in STAGE:
            self.case = name
            self.order(f"{name}=kill")
            self.post("e0")
            self.wait_killed(name)
            self.recover()

    def test_while_an_answer_is_lost(self):
        self.begin()
        for lost, find in MARKER:
            self.order(f"{lost}=error")
            self.burst()
            self.wait_acted(f"{lost} error")
            self.wait_settled()
            self.check()
            self.die_at(find, f"{lost}=error")
            self.recover()

    def test_again_and_again_on_the_way_back(self):
        self.begin()
        self.die_at("warehouse.redshift.before_commit")
        for name in ("warehouse.postgres.after_commit", "warehouse.redshift.after_commit", "warehouse.redshift.locked",
                     "delivery.acknowledge.before"):
            self.order(f"{name}=kill")
            self.service = self.launch_failing()
            self.wait_killed(name, nudge=False)
        self.recover()


class KilledAtItsBooks(OnServers, BooksKilling, ServerKilling):
    def test_while_old_markers_are_removed(self):
        self.kill_while_removing(PRUNE)

    def test_while_they_are_published(self):
        self.kill_while_publishing(PUBLISH)


class KilledAtAPersonsCommand(OnServers, ChangesKilling, ServerKilling):
    def test_while_it_erases_and_while_it_repairs(self):
        self.kill_while_changing(ERASING, MENDING)


class RedshiftFirst(OnServers, BooksKilling, ServerKilling):
    """Redshift as the primary: the sides of each check change places, too."""

    def settings(self):
        urls = super().settings()
        return {**urls, "PRIMARY_WAREHOUSE_URL": urls["SECONDARY_WAREHOUSE_URL"], "SECONDARY_WAREHOUSE_URL": urls["PRIMARY_WAREHOUSE_URL"]}

    def test_while_the_books_are_published(self):
        self.kill_while_publishing(PUBLISH_REDSHIFT)


class RefusingBase(ServerKilling):
    """The secondary refuses an event for good: it stands in the primary and in the quarantine, once."""

    def records(self):
        done = self.run_command("quarantine", "list", "--format", "json", settings=self.settings())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def kill_at_each(self, names):
        self.begin()
        self.burst()
        self.wait_settled()
        self.psql("secondary", CHECK)
        for name in names:
            self.case = name
            self.order(f"{name}=kill")
            self.refusing.add(self.send_one(campaign=REFUSED))
            self.wait_killed(name)
            self.begin()
            # Believed, again after a restart, once another row was inserted beside it: so neighbours come until then.
            self.nudge_until(self.is_settled, "all to be settled")
            self.check()
            self.assertEqual(self.missing("secondary"), self.refusing, "what it refuses is all that it lacks")
        self.assertLessEqual(self.refusing, self.answered)

    def check_records(self):
        self.assertEqual(sorted(r["event"]["appsflyer_id"] for r in self.records()), sorted(self.refusing))


class RefusingIntoAFile(RefusingBase):
    def test_at_each_step(self):
        self.kill_at_each(QUARANTINE)
        self.check_records()
        self.psql("secondary", MEND)
        self.kill_while_replaying()

    def kill_while_replaying(self):
        refused = self.refusing
        for name in REPLAY:
            self.case = name
            self.order(f"{name}=kill")
            done = self.run_command("quarantine", "replay", "--all", settings=self.settings())
            self.assertNotEqual(done.returncode, 0, "nobody has answered the command")
            self.wait_killed(name, nudge=False)
            self.begin()
            wait_until(lambda: not self.missing("secondary"), f"{name}: the replayed events")
            self.wait_settled()
            self.refusing = set()
            self.check()
            self.refusing = refused if name != REPLAY[-1] else set()
            self.check_records()  # still there until their removal is committed: replayed again, which does no harm

    def test_while_a_person_drops(self):
        """Nothing is lost or doubled, and what was dropped is waived: the drop was written down before the removal."""
        self.begin()
        self.burst()
        self.wait_settled()
        self.psql("secondary", CHECK)
        self.refusing.add(self.send_one(campaign=REFUSED))
        self.nudge_until(self.is_settled, "all to be settled")
        [record] = self.records()
        for name in DROP:
            self.order(f"{name}=kill")
            done = self.run_command("quarantine", "drop", "--yes", str(record["id"]), settings=self.settings())
            self.assertNotEqual(done.returncode, 0, "nobody has answered the command")
            self.wait_killed(name, nudge=False)
            self.begin()
            self.wait_settled()
            self.check()
            self.assertEqual(self.records(), [])
        self.assertEqual(self.books(), (0, {"primary": 0, "secondary": 0}))


class RefusingIntoAQueue(RefusingBase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sqs = SqsServer()
        cls.addClassCleanup(cls.sqs.stop)

    def settings(self):
        refused = self.sqs.create_queue(f"refused-{self.database}", MessageRetentionPeriod=1_209_600)
        return {**super().settings(), "QUARANTINE_QUEUE_URL": refused, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test"}

    # Each with a queue of its own: a reader that is killed keeps what it has lent for a minute.
    def kill_at(self, name):
        self.kill_at_each((name,))
        self.assertEqual(self.service.stop(), 0)  # it gives back what it has lent to itself
        self.check_records()

    def test_before_it_is_put(self):
        self.kill_at(QUARANTINE_QUEUE[0])

    def test_after_it_is_put(self):
        self.kill_at(QUARANTINE_QUEUE[1])


del Killing, PostgresTest, ServerKilling, RefusingBase  # no test cases of their own
if __name__ == "__main__":
    unittest.main()
