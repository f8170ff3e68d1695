"""Alarms provoked for true: the real service, its two warehouses, and a Prometheus that scrapes it by our rules. Not provoked here, and why:
SecondaryBacklogBudget (needs gigabytes), DeadLetters and Throttled (AWS), BooksNotCounted and ParityLag (slow), OpenFiles, CertificateExpires; alarms.rules.test.yml has
them all."""

import shutil
import tempfile
import unittest

from alarms_live import HURRY, Prometheus, in_a_hurry
from harness import GUIDE_EVENT, wait_until
from servers import TABLE, PostgresTest

HEALTHY_SCRAPES = 24  # 6 s: longer than any `for:` but BooksNotCounted's, in a hurry
REFUSED = "refuse-me"


class InAHurry(unittest.TestCase):
    def test_durations_and_ages_are_shortened_and_nothing_else(self):
        self.assertEqual(in_a_hurry("for: 15m\nrate(x[1h]) > 0.05 and y > 3600 or z < 14 * 86400"),
                         f"for: {900_000 // HURRY}ms\nrate(x[{3_600_000 // HURRY}ms]) > 0.05 and y > {3600 // HURRY} or z < 14 * 86400")


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
class AlarmsLive(PostgresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="twinshift-test-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.prometheus = Prometheus(folder)
        cls.addClassCleanup(cls.prometheus.stop)

    def setUp(self):
        super().setUp()
        self.name = self.id().rsplit(".", 1)[1]
        self.addCleanup(self.prometheus.forget, self.name)
        self.sent = 0

    def go(self, **settings):
        self.service = self.start(self.urls(**settings))
        self.prometheus.watch(self.name, self.service.port)

    def send(self, **more):
        self.sent += 1
        return self.service.post(dict(GUIDE_EVENT, appsflyer_id=f"e{self.sent}", **more)).status

    def expect(self, *alarms, meanwhile=None):
        self.prometheus.wait_firing(self.name, *alarms, meanwhile=meanwhile or self.send)

    def proved(self):
        metrics = self.service.request("GET", "/metrics").body.decode()
        return 'twinshift_audit_verdict{verdict="equal"} 1' in metrics and 'twinshift_books_missing{target="secondary"} 0' in metrics

    def expect_end_of(self, alarm):
        def ended():
            self.send()
            return alarm not in self.prometheus.firing(self.name)
        wait_until(ended, f"the end of {alarm}")

    def test_well_nothing_fires_then_the_data_goes_wrong_then_it_is_killed(self):
        self.go(AUDIT_INTERVAL="1", BOOKS_INTERVAL="1s")
        for _ in range(5):
            self.assertEqual(self.send(), 200)
        self.wait_each_once([f"e{number}" for number in range(1, 6)])
        wait_until(self.proved, "an equal audit and a count")
        self.prometheus.wait_scrapes(self.name, HEALTHY_SCRAPES)
        self.assertEqual(self.prometheus.firing(self.name), set())

        self.psql("secondary", f"DELETE FROM {TABLE} WHERE appsflyer_id = 'e3'")
        self.psql("secondary", "UPDATE twinshift_loads SET inserted = inserted - 1 WHERE batch_id = (SELECT max(batch_id) FROM twinshift_loads WHERE inserted > 0)")
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD CONSTRAINT refused CHECK (campaign IS NULL OR campaign <> '{REFUSED}')")
        self.assertEqual(self.send(campaign=REFUSED), 200)
        self.expect("WarehousesDifferent", "BooksMissing", "Quarantine")
        self.service.kill()
        self.expect("NotRunning", meanwhile=lambda: None)

    def test_the_secondary_is_away_and_comes_back(self):
        self.go()
        self.assertEqual(self.send(), 200)
        self.wait_each_once(["e1"])
        self.servers["secondary"].stop()
        self.expect("SecondaryInsertionFailures", "SecondaryBacklogOld")
        self.assertEqual({each for each in self.prometheus.firing(self.name) if each.startswith("Primary")}, set(), "the primary is unharmed")
        self.servers["secondary"].start()
        self.expect_end_of("SecondaryBacklogOld")

    def test_the_primary_is_away_and_comes_back(self):
        self.go()
        self.assertEqual(self.send(), 200)
        self.wait_each_once(["e1"])
        self.servers["primary"].stop()
        self.expect("PrimaryNotLanding", "PrimaryInsertionFailures", "QueueOld")
        self.servers["primary"].start()
        self.expect_end_of("PrimaryNotLanding")

    def test_the_disk_has_no_room(self):
        self.go(DISK_RESERVE=str(2 * shutil.disk_usage(self.folder).free))
        self.assertEqual(self.send(), 503)
        self.expect("IntakeTurnedAway")


if __name__ == "__main__":
    unittest.main()
