"""PostgreSQL as primary, Redshift's wire protocol (by the stand-in) as secondary: the guide's steps, hostile events, conflicts, slowness, silence."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

from harness import GUIDE_EVENT, wait_until
from sender import Sender
from servers import TABLE, PostgresTest, RedshiftTest
from test_postgres import Hostile
from with_servers import StandIn

EVENTS = Hostile.EVENTS
del Hostile  # a test case of the other file


class Guide(RedshiftTest):
    def test_steps_5_2_to_5_4(self):
        service = self.start(self.urls())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_log(lambda l: l.get("msg") == "Data successfully inserted into primary PostgreSQL")
        line = service.wait_log(lambda l: l.get("msg") == "Data successfully inserted into secondary Redshift")
        self.assertEqual((line["target"], line["rows"]), ("secondary", 1))
        both = self.run_command("query", f"SELECT * FROM {TABLE} WHERE appsflyer_id = 'test-123'",
                                settings=self.urls())
        self.assertEqual(both.returncode, 0, both.stdout + both.stderr)
        self.assertEqual(service.stop(), 0)

    def test_hostile_events_land_on_both_sides(self):
        service = self.start(self.urls())
        for body in EVENTS:
            self.assertEqual(service.post(body).status, 200, body[:60])
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: sum(self.landed(t).values()) >= len(EVENTS), f"{len(EVENTS)} events in {target}")
        ids = f"SELECT string_agg(event_id, ',' ORDER BY event_id) FROM {TABLE}"
        self.assertEqual(self.psql("primary", ids), self.psql("secondary", ids))
        # What fits no SUPER stands in parts that give the event again, to the byte.
        largest = EVENTS[[i for i, body in enumerate(EVENTS) if '"largest"' in body][0]]
        text = self.psql("secondary", "SELECT string_agg(body, '' ORDER BY part) FROM twinshift_parts p JOIN "
                         f"{TABLE} t USING (event_id) WHERE t.appsflyer_id = 'largest'")
        self.assertEqual(json.loads(text), json.loads(largest))
        self.assertEqual(service.stop(), 0)


class Trouble(RedshiftTest):
    def test_conflicts_and_errors_are_tried_again(self):
        service = self.start(self.urls())
        self.stand_in.fault("conflict", database=self.database, times=3)
        names = [f"c{i}" for i in range(20)]
        for name in names:
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        self.wait_each_once(names)
        self.stand_in.fault("error", database=self.database, sqlstate="XX000", message="Assert", times=2)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="after")).status, 200)
        self.wait_each_once([*names, "after"])

    def test_a_statement_that_takes_too_long_names_the_targets_own_option(self):
        service = self.start(self.urls(SECONDARY_REDSHIFT_STATEMENT_TIMEOUT="300"))
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="warm")).status, 200)
        self.wait_each_once(["warm"])
        lock = threading.Thread(target=self.psql, args=("secondary", f"BEGIN; LOCK TABLE {TABLE}, twinshift_writer; SELECT pg_sleep(3); COMMIT"))
        lock.start()
        self.addCleanup(lock.join)
        held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'twinshift_writer'::regclass"
        wait_until(lambda: self.psql("secondary", held) == "1", "the table to be locked")
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="late")).status, 200)
        line = service.wait_log(lambda l: l.get("errorKind") == "timed_out")
        self.assertIn("SECONDARY_REDSHIFT_STATEMENT_TIMEOUT", line["hint"])
        self.wait_each_once(["warm", "late"])

    def test_a_silent_secondary_leaves_the_primary_alone(self):
        service = self.start(self.urls(SECONDARY_REDSHIFT_STATEMENT_TIMEOUT="1000", SECONDARY_REDSHIFT_MAX_RETRIES="1"))
        sender = Sender(service, "s")
        sender.wait_acknowledged(50)
        for kind, more in (("black_hole", {}), ("refuse", {}), ("slow", {"ms": 300})):
            self.stand_in.fault(kind, database=self.database, **more)
            sender.wait_acknowledged(len(sender.acknowledged) + 150)
            self.wait_each_once(set(sender.acknowledged), ("primary",))
            self.assertEqual(service.request("GET", "/ready").status, 200)
            self.stand_in.fault("off")
        names = sender.stop()
        self.assertEqual(set(sender.statuses), {200})
        self.wait_each_once(names)
        self.assertEqual(service.stop(), 0)

    def test_kill_9_of_the_service_amid_lost_commits(self):
        names = []
        for round_number in range(3):
            service = self.start(self.urls())
            sender = Sender(service, f"k{round_number}")
            sender.wait_acknowledged(40)
            self.stand_in.fault("cut_after_commit", database=self.database, times=2)
            sender.wait_acknowledged(len(sender.acknowledged) + 100)
            names += sender.stop()
            service.kill()
        service = self.start(self.urls())
        self.wait_each_once(names)
        self.assertEqual(service.stop(), 0)


class Tls(PostgresTest):
    """`redshift://` verifies the server by default: its certificate against an authority, its name against the URL."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = tempfile.mkdtemp(prefix="twinshift-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.keys, True)
        cls.certificate, key = os.path.join(cls.keys, "cert.pem"), os.path.join(cls.keys, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", key, "-out", cls.certificate], check=True, capture_output=True)
        cls.stand_in = StandIn(cls.servers["secondary"], ("--tls-cert", cls.certificate, "--tls-key", key))
        cls.addClassCleanup(cls.stand_in.stop)

    def url(self, host, parameters=""):
        return f"redshift://{self.stand_in.user}@{host}:{self.stand_in.ports['redshift']}/{self.database}{parameters}"

    def test_a_verified_server_is_used(self):
        service = self.start(self.urls(SECONDARY_WAREHOUSE_URL=self.url("localhost", f"?sslrootcert={self.certificate}")))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"])

    def test_an_unknown_authority_and_another_name_are_refused(self):
        for url, reason in ((self.url("localhost"), "certificate verify failed"),
                            (self.url("127.0.0.1", f"?sslrootcert={self.certificate}"), "does not match host name")):
            service = self.start(self.urls(SECONDARY_WAREHOUSE_URL=url))
            self.assertEqual(service.post(GUIDE_EVENT).status, 200)
            line = service.wait_log(lambda l, r=reason: r in json.dumps(l), reason)
            self.assertEqual(line["target"], "secondary")
            self.wait_each_once(["test-123"], ("primary",))
            self.assertEqual(self.landed("secondary"), {})
            self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main()
