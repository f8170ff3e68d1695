"""Commands that reach the running service through its control socket, several at once."""

import json
import os
import select
import signal
import socket
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, wait_until
from servers import TABLE, PostgresTest, children_of, send_signal

REFUSED = "refuse-me-4711"
CHECK = f"ALTER TABLE {TABLE} ADD CONSTRAINT no_secret CHECK (campaign IS NULL OR campaign <> '{REFUSED}')"
MEND = f"ALTER TABLE {TABLE} DROP CONSTRAINT no_secret"
HANDLERS_MAX = 4  # control::kHandlersMax


class SeveralAtOnce(PostgresTest):
    def freeze(self, target):
        """It answers nothing more, and holds its connections open."""
        server = self.servers[target]
        send_signal(server.pid(), signal.SIGSTOP)  # first, so that it makes no more children meanwhile
        for pid in (server.pid(), *children_of(server.pid())):
            send_signal(pid, signal.SIGSTOP)
            self.addCleanup(send_signal, pid, signal.SIGCONT)

    def ask_for_books(self):
        """As `twinshift books` does; the answer is to be read."""
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(peer.close)
        peer.settimeout(PATIENCE_SECONDS)
        peer.connect(os.path.join(self.folder, "data", "control.sock"))
        peer.sendall(b"books\njson\n\n")
        return peer

    def assert_wait(self, *peers):
        self.assertEqual(select.select(peers, [], [], 0)[0], [], "nothing to read yet, and not cut off")

    def records(self):
        done = self.run_command("quarantine", "list", "--format", "json", settings=self.urls())
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def refuse_one(self, service):
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="first")).status, 200)
        self.wait_each_once(["first"])
        self.psql("primary", CHECK)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="bad", campaign=REFUSED)).status, 200)
        sent = []

        def one_more():  # a refusal is believed once a neighbour has landed
            sent.append(f"n{len(sent)}")
            service.post(dict(GUIDE_EVENT, appsflyer_id=sent[-1]))
            return self.records()
        wait_until(one_more, "the refused event in the quarantine")
        self.psql("primary", MEND)

    def test_books_of_a_frozen_target_hold_up_no_replay(self):
        service = self.start(self.urls())
        self.refuse_one(service)
        self.freeze("secondary")
        waiting = [self.ask_for_books()]  # taken before what comes now
        replayed = self.run_command("quarantine", "replay", "--all", settings=self.urls())
        self.assertEqual((replayed.returncode, replayed.stdout), (0, "1 of 1 records sent on their way again\n"), replayed.stderr)
        wait_until(lambda: self.landed("primary").get("bad") == 1, "the replayed event in the primary")
        self.assert_wait(*waiting)

        waiting += [self.ask_for_books() for _ in range(HANDLERS_MAX - 1)]
        busy = self.run_command("books", settings=self.urls())
        self.assertEqual(busy.returncode, 1, busy.stdout)
        self.assertIn("busy with 4 other commands: try again when one of them has ended", busy.stderr)
        self.assert_wait(*waiting)

        self.assertIn(service.stop(), (0, 5))  # 5: a batch hangs in the frozen server
        for peer in waiting:
            self.assertTrue(peer.recv(1 << 20).startswith(b"ok\nuncounted"), "a stop ends the wait, and says what is not counted")


if __name__ == "__main__":
    unittest.main()
