"""`twinshift trace` on the real binary: what became of an event, by each kind of id, in each place where it may be."""

import json
import os
import shutil
import socket
import sqlite3
import unittest

from harness import GUIDE_EVENT, ServiceTest, wait_until
from servers import TABLE, PostgresTest

FOUND, NOWHERE, UNDECIDED = 0, 1, 2
AWAY = "postgresql://nobody@127.0.0.1:1/away"


def event(name, **more):
    return dict(GUIDE_EVENT, appsflyer_id=name, **more)


class TraceTest(ServiceTest):
    settings = {}

    def trace(self, expected, identifier, *arguments, **settings):
        done = self.run_command("trace", "--format", "json", *arguments, "--", identifier, settings=dict(self.settings, **settings))
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def traced(self, identifier, *arguments, **settings):
        """The one event that is found."""
        answer = self.trace(FOUND, identifier, *arguments, **settings)
        self.assertEqual(len(answer["events"]), 1, answer)
        return answer["events"][0]

    def post(self, service, each):
        answer = service.post(each)
        self.assertEqual(answer.status, 200)
        return answer.json()["messageId"]

    def states(self, found):
        return {name: target["state"] for name, target in found["targets"].items()}

    def wait_states(self, identifier, expected, **settings):
        def look():
            found = self.traced(identifier, **settings)
            # A row may be seen a moment before the journal has its batch.
            told = all(target["batches"] for target in found["targets"].values() if target["state"] == "landed")
            return found if self.states(found) == expected and told else None
        return wait_until(look, f"{identifier} to be {expected}")


class Trace(TraceTest):
    """Embedded stores."""

    LANDED = {"primary": "landed", "secondary": "landed"}

    def test_a_landed_event_is_told_by_each_of_its_ids_and_after_a_restart(self):
        service = self.start()
        message = self.post(service, event("one", event_name="purchase"))
        self.post(service, event("two"))
        found = self.wait_states(message, self.LANDED)
        self.assertEqual([each["messageId"] for each in found["received"]], [message])
        self.assertEqual((found["eventName"], found["eventAt"]), ("purchase", "2024-01-01T12:00:00.000Z"))
        for target in ("primary", "secondary"):
            (batch,) = found["targets"][target]["batches"]
            self.assertEqual(batch["outcome"], "inserted")
            self.assertIn(batch["statementId"], [line.get("statementId") for line in service.lines if line.get("target") == target])
        self.assertIsNone(found["verified"])
        for identifier in (message, message.upper(), found["eventId"], found["eventId"].upper(), "one"):
            self.assertEqual(self.traced(identifier), found, identifier)
        service.stop()
        self.assertEqual(self.traced("one"), found)  # the files themselves
        service = self.start()
        self.assertEqual(self.traced(message), found)
        self.post(service, event("three"))
        self.wait_states("three", self.LANDED)
        self.assertEqual(self.traced(message), found)

    def test_a_killed_service_has_told_what_landed(self):
        service = self.start()
        message = self.post(service, event("one"))
        found = self.wait_states(message, self.LANDED)
        service.kill()
        self.assertEqual(self.traced(message), found)

    def test_a_duplicate_is_one_event_with_two_messages(self):
        service = self.start()
        first = self.post(service, event("one"))
        self.wait_states(first, self.LANDED)
        second = self.post(service, event("one"))
        found = wait_until(lambda: (f := self.traced(first)) and all(len(t["batches"]) == 2 for t in f["targets"].values()) and f, "both to be settled")
        self.assertEqual([each["messageId"] for each in found["received"]], [second, first])
        for target in found["targets"].values():
            self.assertEqual([each["outcome"] for each in target["batches"]], ["duplicate", "inserted"])
            self.assertEqual(target["copies"], 1)
        self.assertEqual(self.traced(second), found)

    def test_an_installs_newest_events_are_told(self):
        service = self.start()
        for number in range(23):
            self.post(service, event("one", number=number))
        service.wait_landed(23)
        answer = wait_until(lambda: (a := self.trace(FOUND, "one"))["more"] and a, "the journal to know of all")
        self.assertEqual(len(answer["events"]), 20)
        self.assertEqual(len({each["eventId"] for each in answer["events"]}), 20)
        for each in answer["events"]:
            self.assertEqual(self.states(each), self.LANDED)

    def test_what_waits_in_the_queue_is_told_by_a_service_and_without_one(self):
        self.settings = {"ENABLE_SQS_CONSUMER": "false"}
        service = self.start(self.settings)
        message = self.post(service, event("one"))
        self.post(service, event("two"))
        found = self.traced(message)
        self.assertEqual(self.states(found), {"primary": "waiting", "secondary": "waiting"})
        self.assertEqual([each["messageId"] for each in found["queued"]], [message])
        self.assertEqual((found["received"], found["eventAt"]), ([], "2024-01-01T12:00:00.000Z"))
        self.assertEqual(self.traced("one"), found)
        self.assertEqual(self.traced(found["eventId"]), found)
        service.stop()
        self.assertEqual(self.traced("one"), found)

    def test_an_event_that_somebody_deleted_is_gone(self):
        service = self.start()
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)
        service.stop()
        with sqlite3.connect(service.warehouse("secondary")) as database:
            database.execute("DELETE FROM appsflyer_events")
        self.assertEqual(self.states(self.traced(message)), {"primary": "landed", "secondary": "gone"})

    def test_of_a_target_whose_file_is_missing_nobody_can_tell(self):
        service = self.start()
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)
        service.stop()
        for ending in ("", "-wal", "-shm"):
            path = f"{service.warehouse('secondary')}{ending}"
            if os.path.exists(path):
                os.remove(path)
        answer = self.trace(FOUND, message)
        self.assertEqual(self.states(answer["events"][0]), {"primary": "landed", "secondary": "unknown"})
        self.assertIn("twinshift rebuild --target secondary --apply", json.dumps(answer["notAsked"]))
        self.trace(UNDECIDED, "f" * 32)

    def test_of_a_damaged_file_the_answer_names_rebuild(self):
        service = self.start()
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)
        service.stop()
        with open(service.warehouse("secondary"), "r+b") as file:
            file.write(b"no database any more" * 50)
        self.assertIn("twinshift rebuild --target secondary --apply", json.dumps(self.trace(FOUND, message)["notAsked"]))

    def test_a_range_may_begin_in_the_future(self):
        self.wait_states(self.post(self.start(), event("one")), self.LANDED)
        self.trace(NOWHERE, "f" * 32, "--from", "2099-01-01")

    def test_without_a_journal_stores_and_tables_answer(self):
        self.settings = {"TRACE_BYTES_MAX": "0"}
        service = self.start(self.settings)
        message = self.post(service, event("one"))
        service.wait_landed(1)
        answer = self.trace(FOUND, "one")
        self.assertIsNone(answer["journal"])
        self.assertFalse(os.path.exists(os.path.join(service.data, "trace")))
        self.assertEqual(self.states(answer["events"][0]), self.LANDED)
        self.assertEqual(self.states(self.traced(answer["events"][0]["eventId"])), self.LANDED)
        wait_until(lambda: service.request("GET", "/ready").json()["parts"]["queue"]["depth"] == 0, "the queue to be empty")
        self.trace(NOWHERE, message)  # no table holds message ids
        # An appsflyer_id that looks like one of our ids is looked for in tables on demand.
        odd = "0123456789abcdef" * 2
        self.post(service, event(odd))
        service.wait_landed(2)
        wait_until(lambda: service.request("GET", "/ready").json()["parts"]["queue"]["depth"] == 0, "the queue to be empty")
        self.trace(NOWHERE, odd)
        self.assertEqual(self.states(self.traced(odd, "--tables")), self.LANDED)

    def test_a_damaged_journal_is_passed_over(self):
        service = self.start()
        message = self.post(service, event("one"))
        found = self.wait_states(message, self.LANDED)
        service.stop()
        folder = os.path.join(service.data, "trace")
        with open(os.path.join(folder, "00000001.log"), "r+b") as file:
            content = file.read()
            file.seek(0)
            file.write(os.urandom(64) + content[64:])
        with open(os.path.join(folder, "00000002.log"), "wb") as file:
            file.write(os.urandom(100_000))
        os.mkfifo(os.path.join(folder, "00000003.log"))
        answer = self.trace(FOUND, found["eventId"])
        self.assertGreater(answer["journal"]["foreignBytes"], 100_000)
        self.assertEqual(self.states(answer["events"][0]), self.LANDED)
        service = self.start()  # and goes on in a file of its own
        self.post(service, event("two"))
        self.wait_states("two", self.LANDED)

    def test_unknown_and_hostile_ids_are_found_nowhere(self):
        service = self.start()
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)
        for identifier in ("nobody", "0" * 32, "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "' OR '1'='1", "'; DROP TABLE appsflyer_events; --", "\\", "%", "one ", "-v", "a\nb", "\x1b[31m", "é" * 200, "{}"):
            self.assertEqual([each for each in self.trace(NOWHERE, identifier)["events"] if each["found"]], [], identifier)
            done = self.run_command("trace", "--", identifier)
            self.assertEqual(done.returncode, NOWHERE)
            self.assertNotIn("\x1b", done.stdout)
        for identifier in ("", "x" * 401, "x" * 100_000, b"\xff\xfe"):
            done = self.run_command("trace", "--", identifier)
            self.assertEqual((done.returncode, done.stdout), (UNDECIDED, ""), identifier[:10])
            self.assertIn("this is no id", done.stderr)
        with self.assertRaises(OSError):  # the system takes no argument of 1 MiB
            self.run_command("trace", "--", "x" * (1 << 20))
        self.assertEqual(service.count("primary"), 1)

    def test_hostile_requests_on_the_control_socket_are_refused(self):
        service = self.start()
        for request in (b"waits\n\n", b"waits\nx\x00\n\n", b"waits\nxzz\n\n", b"waits\n" + b"x" * (1 << 20) + b"\n\n", b"waits\n" + b"x\n" * 100 + b"\n"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(30)
                peer.connect(os.path.join(service.data, "control.sock"))
                try:
                    peer.sendall(request)
                    self.assertFalse(peer.recv(65536).startswith(b"ok"), request[:20])
                except (BrokenPipeError, ConnectionResetError):
                    pass
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)

    def test_where_no_service_ever_ran_nothing_is_found_and_nothing_is_made(self):
        for identifier in ("one", "0" * 32):
            answer = self.trace(NOWHERE, identifier)
            self.assertIsNone(answer["journal"])
            self.assertIn("no data folder here", answer["remarks"][0])
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_secondary_that_is_off_lacks_an_event_and_owes_nothing(self):
        self.settings = {"SECONDARY_REDSHIFT_ENABLED": "false", "PRIMARY_WAREHOUSE_URL": "sqlite:data/primary.db", "SECONDARY_WAREHOUSE_URL": "sqlite:data/secondary.db"}
        service = self.start(self.settings)
        message = self.post(service, event("one"))
        self.wait_states(message, {"primary": "landed", "secondary": "absent"})

    def test_wrong_options_are_refused(self):
        for arguments in ((), ("x", "--from", "yesterday"), ("x", "--from", "2026-02-01", "--to", "2026-01-01"), ("x", "--from", ""), ("x", "--to", ""), ("x", "y"), ("x", "--format", "xml")):
            self.assertEqual(self.run_command("trace", *arguments).returncode, UNDECIDED, arguments)

    def test_one_event_among_thousands_is_found(self):
        service = self.start()
        message = self.post(service, event("one"))
        self.wait_states(message, self.LANDED)
        done = self.run_command("generate", "--events", "20000", "--url", f"http://127.0.0.1:{service.port}/webhook/appsflyer")
        self.assertEqual(done.returncode, 0, done.stderr)
        service.wait_landed(20_001)
        found = self.traced(message)
        self.assertEqual(self.states(found), self.LANDED)
        self.assertEqual(self.trace(FOUND, message)["journal"]["receipts"], 20_001)


class TraceServers(PostgresTest, TraceTest):
    """Two PostgreSQL servers."""

    def test_an_owed_event_is_told_and_lands_later(self):
        self.settings = self.urls(SECONDARY_WAREHOUSE_URL=AWAY)
        service = self.start(self.settings)
        message = self.post(service, event("one"))
        # The table of the secondary does not answer; its backlog does.
        self.wait_states(message, {"primary": "landed", "secondary": "owed"})
        wait_until(lambda: len(self.traced(message)["targets"]["secondary"]["parkedAt"]) == 1, "the journal to tell that it was parked")
        answer = self.trace(FOUND, message)
        self.assertEqual([text for text in answer["notAsked"] if "secondary" in text], answer["notAsked"])
        self.assertEqual(len(answer["notAsked"]), 1)
        service.stop()
        self.assertEqual(self.states(self.traced(message)), {"primary": "landed", "secondary": "owed"})
        self.settings = self.urls()
        self.start(self.settings)
        found = self.wait_states(message, {"primary": "landed", "secondary": "landed"})
        self.assertTrue(wait_until(lambda: [b["fromBacklog"] for b in self.traced(message)["targets"]["secondary"]["batches"]], "its batch")[0])

    def test_nothing_found_and_a_target_away_cannot_be_told(self):
        self.settings = self.urls(SECONDARY_WAREHOUSE_URL=AWAY)
        service = self.start(self.settings)
        self.post(service, event("one"))
        self.wait_each_once(["one"], ("primary",))
        (text,) = self.trace(UNDECIDED, "nobody")["notAsked"]
        self.assertIn("secondary", text)

    def test_a_quarantined_event_is_told_with_its_reason(self):
        self.settings = self.urls()
        service = self.start(self.settings)
        self.post(service, event("first"))
        self.wait_each_once(["first"])
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> 'refuse-me')")
        message = self.post(service, event("bad", campaign="refuse-me"))
        # Believed once another row was inserted after it.
        sent = iter(range(10_000))

        def quarantined():
            self.post(service, event(f"n{next(sent)}"))
            found = self.traced(message)
            return found if self.states(found)["secondary"] == "quarantined" and found["targets"]["secondary"]["quarantinedAt"] else None
        found = wait_until(quarantined, "the quarantine")
        self.assertEqual(found["targets"]["primary"]["state"], "landed")
        (record,) = found["targets"]["secondary"]["quarantine"]
        self.assertEqual(record["errorClass"], "23514")
        self.assertEqual(len(found["targets"]["secondary"]["quarantinedAt"]), 1)
        # Also where the journal is gone: the quarantine knows the message.
        shutil.rmtree(os.path.join(service.data, "trace"))
        self.assertEqual(self.states(self.traced(message)), {"primary": "landed", "secondary": "quarantined"})

    def test_tables_are_asked_for_what_the_journal_does_not_know(self):
        self.settings = self.urls()
        service = self.start(self.settings)
        self.post(service, event("o'ne\\"))
        self.wait_each_once(["o'ne\\"])
        service.stop()
        shutil.rmtree(os.path.join(service.data, "trace"))
        self.assertEqual(self.states(self.traced("o'ne\\")), {"primary": "landed", "secondary": "landed"})
        self.trace(NOWHERE, "o'ne\\", "--from", "2025-01-01")
        self.assertEqual(self.states(self.traced("o'ne\\", "--from", "2024-01-01", "--to", "2024-01-02")), {"primary": "landed", "secondary": "landed"})


if __name__ == "__main__":
    unittest.main()
