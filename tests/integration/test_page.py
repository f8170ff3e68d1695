"""The page, /api/status and who may see them, on the real binary; the page itself in a browser, in each of its states."""

import base64
import json
import os
import pathlib
import re
import socket
import sqlite3
import threading
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from page_viewing import BrowserTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = "appsflyer_events"
ADMIN_PATHS = ("/", "/assets/page.js", "/assets/page.css", "/api/status", "/metrics")


def names_in(value, prefix=""):
    """Every member of a JSON value, by its path."""
    if isinstance(value, list):
        return set().union(*(names_in(each, prefix) for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, each in value.items():
        path = f"{prefix}{'NAME' if prefix == 'series.targets.' else name}"
        found |= {path} | names_in(each, path + ".")
    return found


class Admin(ServiceTest):
    def statuses(self, service, headers=None):
        return {path: service.request("GET", path, headers=headers).status for path in ADMIN_PATHS}

    def test_on_this_machine_alone_it_is_open(self):
        service = self.start()
        self.assertEqual(set(self.statuses(service).values()), {200})
        page = service.request("GET", "/")
        self.assertIn("default-src 'none'", page.headers["content-security-policy"])
        self.assertEqual(service.request("GET", "/", headers={"If-None-Match": page.headers["etag"]}).status, 304)

    def test_a_token_is_asked_for(self):
        service = self.start({"ADMIN_TOKEN": "open sesame"})
        self.assertEqual(set(self.statuses(service).values()), {401})
        self.assertIn("Basic", service.request("GET", "/").headers["www-authenticate"])
        password = base64.b64encode(b"me:open sesame").decode()
        for shown in ("Bearer open sesame", f"Basic {password}"):
            self.assertEqual(set(self.statuses(service, {"Authorization": shown}).values()), {200})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200, "the webhook needs none")
        wait_until(lambda: service.request("GET", "/ready").status == 200, "ready")
        self.assertNotIn("sesame", self.run_command("config", settings={"ADMIN_TOKEN": "open sesame"}).stdout)

    def test_the_token_may_stand_in_a_file(self):
        path = os.path.join(self.folder, "token")
        with open(path, "w", encoding="ascii") as file:
            file.write("open sesame\n")
        service = self.start({"ADMIN_TOKEN_FILE": path})
        self.assertEqual(set(self.statuses(service).values()), {401})
        self.assertEqual(set(self.statuses(service, {"Authorization": "Bearer open sesame"}).values()), {200})
        # Not served without one instead.
        done = self.run_command("serve", settings={"HOST": "127.0.0.1", "PORT": "0", "ADMIN_TOKEN_FILE": path + ".none"})
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("ADMIN_TOKEN_FILE", done.stderr)

    def test_on_an_address_that_others_reach_it_is_shut_until_somebody_says_to_whom(self):
        service = self.start({"HOST": "0.0.0.0"})
        self.assertEqual(set(self.statuses(service).values()), {403})
        self.assertIn("ADMIN_PORT", service.request("GET", "/metrics").body.decode())
        self.assertNotIn("parts", service.request("GET", "/ready").json())
        service.wait_log(lambda line: line["level"] == "warn" and "ADMIN_PORT" in line.get("hint", ""), "it is said at the start")

    def ready_members(self, service, headers=None):
        answer = service.request("GET", "/ready", headers=headers)
        self.assertIn(answer.status, (200, 503))
        return set(answer.json())

    def test_a_token_is_asked_for_all_of_ready_on_either_port(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        shown, wrong = {"Authorization": "Bearer open sesame"}, {"Authorization": "Bearer open"}
        service = self.start({"HOST": "0.0.0.0", "ADMIN_TOKEN": "open sesame"})
        for headers, more in ((None, set()), (wrong, set()), (shown, {"parts"})):
            self.assertEqual(self.ready_members(service, headers), {"status", "timestamp"} | more)
        self.assertEqual(service.stop(), 0)
        service = self.start({"HOST": "0.0.0.0", "ADMIN_TOKEN": "open sesame", "ADMIN_PORT": str(port)})
        self.assertEqual(self.ready_members(service, shown), {"status", "timestamp"}, "the webhook's port")
        main, service.port = service.port, port
        self.assertEqual(self.ready_members(service), {"status", "timestamp"})
        self.assertEqual(self.ready_members(service, shown), {"status", "timestamp", "parts"})
        service.port = main

    def test_a_port_of_its_own_leaves_the_webhooks_bare(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        service = self.start({"ADMIN_PORT": str(port)})
        self.assertEqual(set(self.statuses(service).values()), {404})
        self.assertNotIn("parts", service.request("GET", "/ready").json())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        main, service.port = service.port, port
        self.assertEqual(set(self.statuses(service).values()), {200})
        self.assertIn("parts", service.request("GET", "/ready").json())
        self.assertEqual(service.post(GUIDE_EVENT).status, 404)
        service.port = main

    def test_the_documented_members_are_those_of_the_json(self):
        service = self.start({"BOOKS_INTERVAL": "1s", "AUDIT_INTERVAL": "1"})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        documented = set(re.findall(r"^\| `([\w.]+)` \|", (ROOT / "docs" / "page.md").read_text(encoding="utf-8").partition("## /api/status")[2], re.MULTILINE))
        seen = set()

        def all_there():
            seen.update(names_in(service.request("GET", "/api/status").json()))
            return "targets.books.missing" in seen and "series.targets.NAME.owed" in seen
        wait_until(all_there, "books and series")
        seen = {name for name in seen if not name.startswith(("errors.", "quarantine."))}
        optional = {name for name in documented if name.startswith(("errors.", "quarantine.", "parity.lastAudit.", "verdict.points."))}
        self.assertEqual(seen - documented, set(), "not on the page")
        self.assertEqual(documented - seen - optional, set(), "not in the answer")

    def test_viewers_that_never_read_and_many_requests_hurt_nobody(self):
        service = self.start()
        deaf = []
        for _ in range(70):
            connection = socket.create_connection(("127.0.0.1", service.port))
            connection.sendall(b"GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
            deaf.append(connection)
        full = wait_until(lambda: service.request("GET", "/api/events", timeout=2) if self.viewers_full(service) else None, "no room for more viewers")
        self.assertEqual((full.status, full.headers["retry-after"]), (503, "10"))
        answers = []

        def ask():
            for _ in range(100):
                answers.append(service.request("GET", "/").status)
        askers = [threading.Thread(target=ask) for _ in range(10)]
        for each in askers:
            each.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        for each in askers:
            each.join()
        self.assertEqual(answers, [200] * 1_000)
        for each in deaf:
            each.close()

    @staticmethod
    def viewers_full(service):
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(b"GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
            return b"503" in connection.recv(64)


class Seen(BrowserTest):
    def test_healthy(self):
        service = self.start({"BOOKS_INTERVAL": "1s", "AUDIT_INTERVAL": "5"})
        stop = threading.Event()
        sender = threading.Thread(target=lambda: [self.generate(service, 200, seed, "--rate", "100") for seed in range(100) if not stop.is_set()])
        sender.start()
        try:
            wait_until(lambda: (service.request("GET", "/api/status").json()["parity"] or {}).get("identicalUpTo"), "an audit", 2 * PATIENCE_SECONDS)
            if "TWINSHIFT_SCREENSHOTS" in os.environ:  # something to see in the charts
                wait_until(lambda: len(service.request("GET", "/api/status").json()["series"]["acceptedPerSecond"]) >= 24, "two minutes", 150)
            told = self.look(service, "well", "healthy")
        finally:
            stop.set()
            sender.join()
        self.assertEqual((told["headline"], told["books"]), ("All is well", "Nothing is missing."))
        self.assertIn("Identical up to", told["parity"])
        self.assertEqual([lane["chip"] for lane in told["lanes"]], ["ok", "ok"])

    def test_secondary_down_then_catching_up(self):
        service = self.start()
        self.generate(service, 500, 1)
        service.wait_landed(500)
        # Nobody else may write the file, as where a database is held up by a maintenance.
        lock = sqlite3.connect(os.path.join(service.data, "secondary.db"), timeout=PATIENCE_SECONDS, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        self.generate(service, 40_000, 2)
        hostile = dict(GUIDE_EVENT, event_name="<img src=x onerror=alert(1)><b><i>name</i></b>", appsflyer_id="<script>alert(1)</script>")
        self.assertEqual(service.post(hostile).status, 200)
        told = self.look(service, "warning", "secondary-down")
        self.assertIn("Secondary is away, which does not touch the primary", told["headline"])
        self.assertEqual(told["lanes"][0]["chip"], "ok")
        self.assertIn("backlog", told["lanes"][1]["all"])
        self.assertNotIn("alert(1)", json.dumps(told), "no event's value")
        told = self.look(service, "busy", "catching-up", once_open=lambda: lock.execute("ROLLBACK"))
        lock.close()
        self.assertIn("Secondary catches up", told["headline"])
        told = self.look(service, "well", "caught-up")

    def test_unequal(self):
        service = self.start({"AUDIT_INTERVAL": "1"})
        self.generate(service, 500, 1)
        service.wait_landed(500)
        with sqlite3.connect(os.path.join(service.data, "secondary.db"), timeout=PATIENCE_SECONDS) as connection:
            connection.execute(f"DELETE FROM {TABLE} WHERE rowid IN (SELECT rowid FROM {TABLE} LIMIT 3)")
        connection.close()
        told = self.look(service, "alarm", "unequal")
        self.assertIn("differ: 3 events", told["headline"])
        self.assertIn("twinshift repair --apply", told["points"])
        self.assertIn("No: the last audit found 3 events", told["parity"])


if __name__ == "__main__":
    unittest.main()
