"""SIGHUP reads .env again: what is live is taken, the rest is named, and the secondary is switched off and on without a restart."""

import contextlib
import http.client
import json
import os
import pathlib
import pty
import re
import signal
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from sender import Sender
from silent_hosts import black_hole

SWITCH = "SECONDARY_REDSHIFT_ENABLED"
SIDES = ("received", "landed", "duplicate", "quarantined", "owed", "waived", "residual")


OPERATIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "operations.md")
# Every live option with another value than its default (or, of the switch, than at the start).
LIVE = {"LOG_LEVEL": "debug", "WEBHOOK_STRICT": "true", SWITCH: "false", "PARK_AFTER": "900", "BOOKS_INTERVAL": "5s", "AUDIT_INTERVAL": "1800", "BATCH_ROWS_MAX": "500",
        "BATCH_BYTES_MAX": "4MB", "BATCH_AGE_MAX": "20", "LANE_ROWS_MAX": "2000", "LANE_BYTES_MAX": "20MB", "WEBHOOK_TOKENS": "secret-4711-of-any-app", "WEBHOOK_TOKENS_FILE": "tokens.txt",
        "WEBHOOK_TOKEN_HEADER": "X-AF-Token", "WEBHOOK_ALLOW": "127.0.0.1", "TRUSTED_PROXIES": "192.0.2.1", "HTTP_CONNECTIONS_PER_CLIENT_MAX": "100", "HTTP_REQUESTS_PER_CLIENT": "1000"}
LIVE_WITH_TLS = {"TLS_CERT_FILE", "TLS_KEY_FILE"}  # test_tls.py


def event(name):
    return dict(GUIDE_EVENT, appsflyer_id=name)


class ReloadTest(ServiceTest):
    # The environment wins over .env; an empty value means unset, so that .env decides.
    FROM_FILE = {SWITCH: ""}

    def write(self, **settings):
        """Whole or not at all: the service may be reading it."""
        path = os.path.join(self.folder, ".env")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        os.replace(path + ".new", path)

    def serve(self, **settings):
        self.write(**settings)
        return self.start(self.FROM_FILE)

    def reload(self, service, **settings):
        """Sends SIGHUP; the lines of the log from then on, to their last."""
        self.write(**settings)
        seen = len(service.lines)
        service.process.send_signal(signal.SIGHUP)

        def is_last(line):
            return line.get("msg", "").startswith(("Reloaded: ", "Needs a restart: ", "Reload failed"))
        wait_until(lambda: any(is_last(line) for line in list(service.lines)[seen:]), "the answer to SIGHUP")
        return list(service.lines)[seen:]

    def told(self, lines, start):
        return [line["msg"] for line in lines if line.get("msg", "").startswith(start)]


class Settings(ReloadTest):
    def test_live_ones_are_taken_and_the_rest_is_named(self):
        service = self.serve(**{SWITCH: "true"})
        self.assertEqual(service.post({"no": "fields"}).status, 200)
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_STRICT="true", LOG_LEVEL="debug", REFUSED_BODIES_MAX="7", ADMIN_TOKEN="secret-4711")
        self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: LOG_LEVEL info -> debug, WEBHOOK_STRICT false -> true"])
        wait_until(lambda: self.told(service.lines, "Needs a restart: REFUSED_BODIES_MAX, ADMIN_TOKEN"), "what needs a restart")
        self.assertEqual(service.post({"no": "fields"}).status, 400)
        self.assertEqual(service.post(event("debug")).status, 200)
        service.wait_log(lambda l: l["level"] == "debug")
        self.assertNotIn(b"4711", b"".join(service.raw))
        self.assertEqual(service.stop(), 0)

    def test_the_page_lists_exactly_what_is_live(self):
        with open(OPERATIONS, encoding="utf-8") as page:
            reload = page.read().split("\n## Reload\n")[1].split("\n## ")[0]
        rows = [line.split("|")[1] for line in reload.splitlines() if line.startswith("| `")]
        self.assertEqual(set(re.findall(r"`([A-Z_]+)`", " ".join(rows))), set(LIVE) | LIVE_WITH_TLS)
        with open(os.path.join(self.folder, "tokens.txt"), "w", encoding="utf-8") as file:
            file.write("secret-4711-of-the-file\n")
        service = self.serve(**{SWITCH: "true"})
        lines = self.reload(service, **LIVE)
        (told,) = self.told(lines, "Reloaded")
        self.assertEqual({change.split()[0] for change in told.removeprefix("Reloaded: ").split(", ")}, set(LIVE))
        lines = self.reload(service, **LIVE)  # also says that nothing was left for a restart
        self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: nothing has changed"])
        self.assertNotIn(b"4711", b"".join(service.raw))

    def test_nothing_changed_is_said(self):
        service = self.serve(**{SWITCH: "true"})
        lines = self.reload(service, **{SWITCH: "on"})
        self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: nothing has changed"])

    def test_the_environment_wins_as_at_the_start(self):
        service = self.start({"WEBHOOK_STRICT": "true"})
        lines = self.reload(service, WEBHOOK_STRICT="false")
        self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: nothing has changed"])
        self.assertEqual(service.post({"no": "fields"}).status, 400)

    def test_a_file_that_is_gone_opens_no_door(self):
        service = self.serve(**{SWITCH: "true"}, WEBHOOK_TOKENS="secret-4711-of-any-app")
        os.remove(os.path.join(self.folder, ".env"))
        service.process.send_signal(signal.SIGHUP)
        failed = service.wait_log(lambda l: l.get("msg", "").startswith("Reload failed"))
        self.assertEqual(failed["level"], "error")
        self.assertIn(".env", failed["error"])
        self.assertIn("send SIGHUP again", failed["hint"])
        self.assertEqual(service.post(event("unknown")).status, 401)

    def test_a_door_that_is_opened_is_told_whatever_the_host_is(self):
        service = self.serve(**{SWITCH: "true"}, WEBHOOK_ALLOW="192.0.2.1")
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_STRICT="true", WEBHOOK_ALLOW="192.0.2.2")
        self.assertEqual(self.told(lines, "Anyone"), [])
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_STRICT="true")
        (told,) = [line for line in lines if line.get("msg", "").startswith("Anyone who reaches this port can now post")]
        self.assertEqual((told["level"], told["host"]), ("warn", "127.0.0.1"))
        self.assertEqual(service.post(event("anyone")).status, 200)

    def test_a_broken_file_changes_nothing(self):
        service = self.serve(**{SWITCH: "true"})
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_STRICT="true", REFUSED_BODIES_MAX="secret-4711", LOG_LEVL="debug")
        failed = [line for line in lines if line.get("msg", "").startswith("Reload failed")]
        self.assertEqual([line["level"] for line in failed], ["error"])
        for word in ("2 faults; nothing was changed", "REFUSED_BODIES_MAX (.env line 3)", "did you mean LOG_LEVEL?"):
            self.assertIn(word, failed[0]["error"])
        self.assertNotIn(b"4711", b"".join(service.raw))
        self.assertEqual(service.post({"no": "fields"}).status, 200)
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_STRICT="true")
        self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: WEBHOOK_STRICT false -> true"])


class Door(ReloadTest):
    OLD, NEW = "old-token-of-the-test-app", "new-token-of-the-test-app"

    def status(self, service, connection=None, **headers):
        held = connection or http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
        held.request("POST", "/webhook/appsflyer", json.dumps(GUIDE_EVENT), {name.replace("_", "-"): value for name, value in headers.items()})
        answer = held.getresponse()
        answer.read()
        if connection is None:
            held.close()
        return answer.status

    def test_tokens_are_rotated_on_open_connections_too(self):
        service = self.serve(**{SWITCH: "true"}, WEBHOOK_TOKENS=self.OLD)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)) as kept:
            both = lambda **more: (self.status(service, **more, Authorization=self.OLD), self.status(service, **more, Authorization=self.NEW))
            self.assertEqual((self.status(service, kept, Authorization=self.OLD), *both()), (200, 200, 401))
            sock = kept.sock
            lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_TOKENS=f"{self.OLD},{self.NEW}")
            self.assertEqual(self.told(lines, "Reloaded"), ["Reloaded: WEBHOOK_TOKENS"])
            self.assertEqual((self.status(service, kept, Authorization=self.NEW), *both()), (200, 200, 200))
            self.reload(service, **{SWITCH: "true"}, WEBHOOK_TOKENS=self.NEW, WEBHOOK_TOKEN_HEADER="X-AF-Token")
            self.assertEqual((self.status(service, kept, X_AF_Token=self.NEW), *both()), (200, 401, 401))
            self.assertEqual(self.status(service, X_AF_Token=self.OLD), 401)
            self.reload(service, **{SWITCH: "true"})
            self.assertEqual(self.status(service, kept), 200)
            self.assertIs(kept.sock, sock)
        for secret in (self.OLD, self.NEW):
            self.assertNotIn(secret.encode(), b"".join(service.raw))

    def test_addresses_and_limits(self):
        service = self.serve(**{SWITCH: "true"})
        self.assertEqual(self.status(service), 200)
        self.reload(service, **{SWITCH: "true"}, WEBHOOK_ALLOW="192.0.2.0/24")
        self.assertEqual(self.status(service, X_Forwarded_For="192.0.2.1"), 403)
        self.reload(service, **{SWITCH: "true"}, WEBHOOK_ALLOW="192.0.2.0/24", TRUSTED_PROXIES="127.0.0.1")
        self.assertEqual(self.status(service, X_Forwarded_For="192.0.2.1"), 200)
        self.reload(service, **{SWITCH: "true"}, HTTP_CONNECTIONS_PER_CLIENT_MAX="1")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)) as kept:
            wait_until(lambda: self.status(service, kept) == 200, "those of before to be gone")
            self.assertEqual(self.status(service), 503)
            self.reload(service, **{SWITCH: "true"})
            self.assertEqual(self.status(service), 200)

    def test_what_cannot_be_taken_leaves_the_door_as_it_was(self):
        service = self.serve(**{SWITCH: "true"}, WEBHOOK_TOKENS=self.OLD)
        lines = self.reload(service, **{SWITCH: "true"}, WEBHOOK_TOKENS="secret+4711")
        self.assertTrue(self.told(lines, "Reload failed"))
        self.write(**{SWITCH: "true"}, WEBHOOK_TOKENS=self.NEW, WEBHOOK_TOKENS_FILE="not-there.txt")
        service.process.send_signal(signal.SIGHUP)
        stays = service.wait_log(lambda l: l.get("msg") == "Reload: a part stays as it was")
        self.assertEqual(stays["options"], "WEBHOOK_TOKENS, WEBHOOK_TOKENS_FILE")
        self.assertIn("not-there.txt", json.dumps(stays))
        self.assertEqual((self.status(service, Authorization=self.OLD), self.status(service, Authorization=self.NEW)), (200, 401))
        self.assertNotIn(b"4711", b"".join(service.raw))


class Signal(ReloadTest):
    def test_in_a_terminal_it_says_that_the_terminal_is_gone(self):
        self.write(**{SWITCH: "true"})
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        service = self.launch(self.FROM_FILE, preexec=lambda: os.dup2(terminal, 0))
        os.close(terminal)
        service.wait_started()
        service.process.send_signal(signal.SIGHUP)
        self.assertEqual(service.wait_exit(), 0)
        self.assertEqual([l["signal"] for l in service.lines if l.get("msg") == "Stopping"], ["SIGHUP"])

    def test_many_at_once_are_two_at_most_and_a_stop_still_stops(self):
        service = self.serve(**{SWITCH: "true"})
        for _ in range(20):
            service.process.send_signal(signal.SIGHUP)
        service.wait_log(lambda l: l.get("msg") == "Reloaded: nothing has changed")
        self.assertEqual(service.stop(), 0)
        self.assertEqual([l["signal"] for l in service.lines if l.get("msg") == "Stopping"], ["SIGTERM"])

    def test_those_during_the_start_are_taken_when_it_runs(self):
        # So many lines that are nobody's take a moment to read: all that time nothing else of the start has happened.
        self.write(**{SWITCH: "true"}, **{f"SOMEBODY_ELSES_OPTION_{number:04}": "1" for number in range(9000)})
        service = self.launch(self.FROM_FILE)
        blocked = wait_until(lambda: self.blocked(service.process.pid), "the program to hold back signals")
        self.assertEqual(blocked, 1 << (signal.SIGHUP - 1), "SIGHUP first, before the settings are read; the others when the service starts")
        for _ in range(5):
            service.process.send_signal(signal.SIGHUP)
        service.wait_started()
        service.wait_log(lambda l: l.get("msg") == "Reloaded: nothing has changed")
        self.assertEqual(service.stop(), 0)

    @staticmethod
    def blocked(pid):
        """Signals that the first thread holds back, as bits; 0 before it is the program's own."""
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(re.search(r"(?m)^SigBlk:\s*([0-9a-f]+)$", status)[1], 16)


class Secondary(ReloadTest):
    def books(self, target):
        """Sums over the hours, by the service's own count."""
        done = self.run_command("books", "--format", "json", settings=self.FROM_FILE)
        sums = {side: 0 for side in SIDES}
        for row in json.loads(done.stdout or "[]"):
            for side in SIDES:
                sums[side] += int(row[side]) if row["target"] == target else 0
        return sums

    def wait_books(self, target, **expected):
        seen = {}

        def close():
            seen.update(self.books(target))
            return all(seen[side] == count for side, count in expected.items())
        try:
            wait_until(close, f"{target}'s books to say {expected}")
        except AssertionError as error:
            raise AssertionError(f"{error}; they say {seen}") from None

    def state(self, service):
        return service.request("GET", "/ready").json()["parts"]["secondary"]["status"]

    def test_off_and_on_again_waives_what_came_meanwhile(self):
        service = self.serve(**{SWITCH: "true"})
        self.assertEqual(service.post(event("before")).status, 200)
        service.wait_landed(1)
        lines = self.reload(service, **{SWITCH: "false"})
        self.assertEqual(self.told(lines, "Reloaded"), [f"Reloaded: {SWITCH} true -> false"])
        self.assertEqual((self.state(service), service.request("GET", "/ready").status), ("disabled", 200))
        for name in ("off-1", "off-2"):
            self.assertEqual(service.post(event(name)).status, 200)
        service.wait_landed(3, ("primary",))
        wait_until(lambda: service.request("GET", "/ready").json()["parts"]["queue"]["depth"] == 0, "the queue to be empty")
        self.assertEqual(service.count("secondary"), 1)
        self.wait_books("primary", received=3, landed=3, residual=0)
        lines = self.reload(service, **{SWITCH: "true"})
        self.assertEqual(self.told(lines, "Reloaded"), [f"Reloaded: {SWITCH} false -> true"])
        gap = service.wait_log(lambda l: l.get("msg", "").startswith("The secondary was switched off while events came in"))
        self.assertEqual(gap["waived"], 2)
        self.assertEqual(service.post(event("after")).status, 200)
        service.wait_landed(4, ("primary",))
        service.wait_landed(2, ("secondary",))
        wait_until(lambda: self.state(service) == "ok", "the secondary to be well")
        self.wait_books("secondary", received=4, landed=2, waived=2, owed=0, residual=0)
        self.wait_books("primary", received=4, landed=4, waived=0, residual=0)
        status = service.request("GET", "/metrics").body.decode()
        self.assertIn('target="secondary"', status)
        done = self.run_command(*gap["command"].split()[1:], settings=self.FROM_FILE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        service.wait_landed(4)
        self.assertEqual(service.stop(), 0)

    def test_one_that_hangs_can_be_switched_off(self):
        with black_hole() as (url, is_waiting):
            targets = {"PRIMARY_WAREHOUSE_URL": "sqlite:data/primary.db", "SECONDARY_WAREHOUSE_URL": url.replace("http://", "postgresql://nobody@") + "/none"}
            service = self.serve(**targets, **{SWITCH: "true"})
            self.assertEqual(service.post(event("owed")).status, 200)
            wait_until(is_waiting, "the secondary's lane to hang")
            wait_until(lambda: service.request("GET", "/ready").json()["parts"]["secondary"]["owed"] == 1, "the event to be owed")
            lines = self.reload(service, **targets, **{SWITCH: "false"})
            self.assertEqual(self.told(lines, "Reloaded"), [f"Reloaded: {SWITCH} true -> false"])
            self.assertEqual(self.state(service), "disabled")
            self.assertEqual(service.request("GET", "/ready").json()["parts"]["secondary"]["owed"], 1)
            self.assertEqual(service.post(event("off")).status, 200)
            service.wait_landed(2, ("primary",))
            self.assertEqual(service.stop(), 0)

    def test_where_too_many_calls_hang_it_stays_off_and_says_what_follows(self):
        with black_hole() as (url, taken):
            targets = {"PRIMARY_WAREHOUSE_URL": "sqlite:data/primary.db", "SECONDARY_WAREHOUSE_URL": url.replace("http://", "postgresql://nobody@") + "/none"}
            service = self.serve(**targets, **{SWITCH: "true"})
            self.assertEqual(service.post(event("owed")).status, 200)
            for left_behind in range(1, 5):  # service.cpp: kLeftBehindMax
                wait_until(lambda least=left_behind: taken() >= least, "the secondary's lane to hang")
                self.reload(service, **targets, **{SWITCH: "false"})
                if left_behind < 4:
                    self.reload(service, **targets, **{SWITCH: "true"})
            self.write(**targets, **{SWITCH: "true"})
            service.process.send_signal(signal.SIGHUP)
            stays = service.wait_log(lambda l: l.get("msg") == "Reload: a part stays as it was")
            self.assertIn("too many calls", stays["error"])
            self.assertIn("new events are waived", stays["hint"])
            self.assertEqual(self.state(service), "disabled")
            self.assertEqual(service.stop(), 0)

    def test_where_the_targets_have_changed_too_the_switch_waits(self):
        service = self.serve(**{SWITCH: "false"})
        self.reload(service, **{SWITCH: "true"}, PRIMARY_WAREHOUSE_URL="sqlite:data/primary.db", SECONDARY_WAREHOUSE_URL="sqlite:data/other.db")
        service.wait_log(lambda l: l.get("msg") == f"Needs a restart: PRIMARY_WAREHOUSE_URL, SECONDARY_WAREHOUSE_URL, {SWITCH}")
        self.assertEqual(self.state(service), "disabled")

    def test_under_load_nothing_is_lost_and_the_books_close(self):
        service = self.serve(**{SWITCH: "true"})
        sender = Sender(service, "switch")
        for round_, on in enumerate(("false", "true", "false", "true")):
            sender.wait_acknowledged(100 * (round_ + 1))
            lines = self.reload(service, **{SWITCH: on})
            self.assertTrue(self.told(lines, "Reloaded"))
        acknowledged = set(sender.stop())
        wait_until(lambda: {r["appsflyer_id"] for r in service.sql("primary", "SELECT appsflyer_id FROM appsflyer_events")} >= acknowledged, "all events in the primary")
        for target in ("primary", "secondary"):
            self.assertEqual(service.sql(target, "SELECT appsflyer_id FROM appsflyer_events GROUP BY 1 HAVING count(*) > 1"), [])
            self.wait_books(target, owed=0, residual=0)
        books = self.books("secondary")
        self.assertGreater(books["waived"], 0)
        self.assertEqual(service.stop(), 0)

    def test_kill_9_during_the_switch_loses_nothing(self):
        acknowledged = set()
        for round_, on in enumerate(("false", "true", "false", "true")):
            service = self.serve(**{SWITCH: "false" if on == "true" else "true"})
            sender = Sender(service, f"kill-{round_}")
            sender.wait_acknowledged(100)
            self.write(**{SWITCH: on})
            service.process.send_signal(signal.SIGHUP)
            service.wait_log(lambda l: l.get("msg") == "Delivery ends and begins anew; events are taken and queued meanwhile")
            service.kill()
            acknowledged |= set(sender.stop())
        service = self.serve(**{SWITCH: "true"})
        wait_until(lambda: {r["appsflyer_id"] for r in service.sql("primary", "SELECT appsflyer_id FROM appsflyer_events")} >= acknowledged, "all events in the primary")
        self.wait_books("primary", owed=0, residual=0)
        done = self.run_command("repair", "--apply", settings=self.FROM_FILE, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        wait_until(lambda: {r["appsflyer_id"] for r in service.sql("secondary", "SELECT appsflyer_id FROM appsflyer_events")} >= acknowledged, "all events in the secondary")
        self.assertEqual(service.sql("secondary", "SELECT appsflyer_id FROM appsflyer_events GROUP BY 1 HAVING count(*) > 1"), [])


if __name__ == "__main__":
    unittest.main()
