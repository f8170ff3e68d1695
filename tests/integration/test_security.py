"""Who may post events: tokens by app, addresses, load balancers, rates; and a service that has no open file left."""

import contextlib
import json
import os
import resource
import socket
import sqlite3
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until

OLD, NEW, OTHER = "old-token-of-the-test-app", "new-token-of-the-test-app", "token-of-another-app-0001"
TOKENS = f"com.test.app={OLD},com.test.app={NEW},com.other.app={OTHER}"


class Security(ServiceTest):
    def send(self, service, event=None, **headers):
        body = json.dumps(GUIDE_EVENT if event is None else event)
        return service.request("POST", "/webhook/appsflyer", body, {name.replace("_", "-"): value for name, value in headers.items()})

    def status(self, service, **headers):
        return self.send(service, **headers).status

    def kept(self, service):
        """The statuses of what stands among the refused bodies."""
        with contextlib.closing(sqlite3.connect(f"file:{service.data}/refused.db?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as db:
            return [row[0] for row in db.execute("SELECT status FROM refused ORDER BY id")]

    def test_tokens_by_app_old_and_new(self):
        service = self.start({"WEBHOOK_TOKENS": TOKENS})
        for shown in (OLD, NEW, f"Bearer {OLD}", f"bearer {NEW}"):
            self.assertEqual(self.status(service, Authorization=shown), 200, shown)
        answer = self.send(service, Authorization="Bearer a-wrong-token")
        self.assertEqual((answer.status, answer.headers["www-authenticate"]), (401, "Bearer"))
        self.assertNotIn(b"a-wrong-token", answer.body)
        self.assertEqual(self.status(service), 401)
        self.assertEqual(service.request("GET", "/webhook/appsflyer?a=1").status, 401)
        self.assertEqual(service.request("GET", "/health").status, 200)
        # Another app's token: its event is refused, and kept; a 401's is not.
        self.assertEqual(self.status(service, Authorization=OTHER), 403)
        self.assertEqual(self.kept(service), [403])
        without = {key: value for key, value in GUIDE_EVENT.items() if key != "app_id"}
        self.assertEqual(self.send(service, without, Authorization=OTHER).status, 200)
        # With the right token a body that is no event is kept, as ever.
        self.assertEqual(service.request("POST", "/webhook/appsflyer", b"no json", {"Authorization": OLD}).status, 400)
        self.assertEqual(self.kept(service), [403, 400])
        told = service.wait_log(lambda line: line.get("reason") == "token")
        self.assertEqual((told["level"], told["client"]), ("warn", "127.0.0.1"))
        for secret in (OLD, NEW, OTHER, "a-wrong-token"):
            self.assertNotIn(secret.encode(), b"".join(service.raw))

    def test_a_token_in_a_header_of_its_own(self):
        service = self.start({"WEBHOOK_TOKENS": OLD, "WEBHOOK_TOKEN_HEADER": "X-AF-Token"})
        self.assertEqual(self.status(service, X_AF_Token=OLD), 200)
        self.assertEqual(self.status(service, Authorization=OLD), 401)

    def test_odd_tokens_leave_it_up(self):
        service = self.start({"WEBHOOK_TOKENS": OLD})

        def first_line(value):
            head = b"POST /webhook/appsflyer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\nAuthorization: "
            return service.raw_exchange(head + value + b"\r\n\r\n{}").split(b"\r\n")[0]
        self.assertIn(b" 400 ", first_line(OLD.encode() + b"\0"))
        self.assertIn(b" 401 ", first_line(b"\xff\xfe" * 20))
        self.assertIn(b" 401 ", first_line(b"a" * 2_000))
        self.assertIn(b" 401 ", first_line(b"a" * 16_000))
        self.assertIn(b" 431 ", first_line(b"a" * 100_000))
        self.assertIn(b" 200 ", first_line(b"Bearer \t" + OLD.encode() + b" "))
        self.assertEqual(self.kept(service), [])

    def test_a_stranger_costs_no_body(self):
        service = self.start({"WEBHOOK_TOKENS": OLD})
        head = b"POST /webhook/appsflyer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        self.assertIn(b" 401 ", service.raw_exchange(head % 900_000, half_close=True).split(b"\r\n")[0])
        self.assertIn(b" 401 ", service.raw_exchange(head % 9_000_000, half_close=True).split(b"\r\n")[0])
        self.assertEqual(self.kept(service), [])

    def test_a_file_of_tokens_is_read_again(self):
        path = os.path.join(self.folder, "tokens.txt")

        def write(text):
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(path + ".new", path)
        write(f"# first\n{OLD}\n")
        service = self.start({"WEBHOOK_TOKENS_FILE": path})
        self.assertEqual((self.status(service, Authorization=OLD), self.status(service, Authorization=NEW)), (200, 401))
        write(f"{OLD}\n{NEW}\n")
        wait_until(lambda: self.status(service, Authorization=NEW) == 200, "the new token")
        write(f"{NEW}\nbroken+line\n")
        broken = lambda line: "were not read again" in line.get("msg", "")
        wait_until(lambda: self.status(service, Authorization=OLD) == 200 and any(map(broken, list(service.lines))), "the fault in the log")
        os.remove(path)
        wait_until(lambda: self.status(service, Authorization=OLD) == 200 and sum(map(broken, list(service.lines))) == 2, "each fault once")
        write(f"{NEW}\n")
        wait_until(lambda: self.status(service, Authorization=OLD) == 401, "the end of the old one")
        self.assertEqual(self.status(service, Authorization=NEW), 200)

    def test_addresses(self):
        service = self.start({"WEBHOOK_ALLOW": "appsflyer,192.0.2.0/24"})
        self.assertEqual(self.status(service), 403)
        self.assertEqual(self.status(service, X_Forwarded_For="45.92.116.1"), 403, "a stranger's word")
        self.assertEqual(self.kept(service), [])
        self.assertEqual(service.request("GET", "/health").status, 200)

    def test_behind_a_load_balancer(self):
        service = self.start({"WEBHOOK_ALLOW": "appsflyer", "TRUSTED_PROXIES": "127.0.0.0/8"})
        self.assertEqual(self.status(service, X_Forwarded_For="45.92.116.1"), 200)
        self.assertEqual(self.status(service, X_Forwarded_For="45.92.116.1, 127.0.0.9"), 200)
        for spoofed in ("45.92.116.1, 203.0.113.9", "45.92.116.1, unknown", "45.92.116.1,", "\x80\xff", ""):
            self.assertEqual(self.status(service, X_Forwarded_For=spoofed.encode("latin-1")), 403, spoofed)
        self.assertEqual(self.status(service), 403)

    def test_requests_of_one_client(self):
        service = self.start({"HTTP_REQUESTS_PER_CLIENT": "1", "TRUSTED_PROXIES": "127.0.0.1"})
        answers = [self.send(service, X_Forwarded_For="192.0.2.1") for _ in range(2)]
        while answers[-1].status == 200:  # a slow machine: a second has passed
            answers.append(self.send(service, X_Forwarded_For="192.0.2.1"))
        self.assertEqual(answers[0].status, 200)
        self.assertEqual((answers[-1].status, "retry-after" in answers[-1].headers), (503, True))
        self.assertEqual(self.status(service, X_Forwarded_For="192.0.2.2"), 200)
        self.assertEqual(service.request("GET", "/health").status, 200)

    def test_connections_of_one_client(self):
        service = self.start({"HTTP_CONNECTIONS_PER_CLIENT_MAX": "1"})
        with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS) as held:
            held.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", held.recv(65536))
            self.assertIn(b" 503 ", service.raw_exchange(b"").split(b"\r\n")[0])
        wait_until(lambda: service.raw_exchange(b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200"), "room again")

    def test_broken_settings_are_named(self):
        done = self.run_command("serve", settings={"WEBHOOK_TOKENS": f"{OLD},secret+word", "WEBHOOK_ALLOW": "10.0.0.1/8", "WEBHOOK_TOKEN_HEADER": "Cookie"})
        self.assertEqual(done.returncode, 2)
        for name in ("WEBHOOK_TOKENS: entry 2", "WEBHOOK_ALLOW: entry 1", "WEBHOOK_TOKEN_HEADER"):
            self.assertIn(name, done.stderr)
        self.assertNotIn("secret+word", done.stderr)
        self.assertEqual(self.run_command("serve", settings={"WEBHOOK_TOKENS_FILE": "not-there", "HOST": "127.0.0.1", "PORT": "0"}).returncode, 4)

    def test_an_open_door_is_said(self):
        def warned(service):
            return any("Anyone who reaches this port" in line.get("msg", "") for line in service.lines)
        self.assertFalse(warned(self.start()))
        self.services[-1].stop()
        self.start({"HOST": "0.0.0.0"}).wait_log(lambda line: "Anyone who reaches this port" in line.get("msg", ""))
        self.services[-1].stop()
        service = self.start({"HOST": "0.0.0.0", "WEBHOOK_TOKENS": OLD})
        service.stop()
        self.assertFalse(warned(service))

    def test_generate_shows_the_services_own_token(self):
        service = self.start({"WEBHOOK_TOKENS": OLD})
        run = lambda **more: self.run_command("generate", "--events", "3", settings={"PORT": str(service.port), **more})
        self.assertEqual(run(WEBHOOK_TOKENS=OLD).returncode, 0)
        self.assertEqual(run(WEBHOOK_TOKENS=NEW).returncode, 1)
        service.wait_landed(3)

    def test_too_few_open_files_are_named_at_the_start(self):
        for most in (64, 30, 10):
            service = self.launch(preexec=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            if most == 64:
                service.wait_started()
                service.wait_log(lambda l: l["level"] == "warn" and "LimitNOFILE" in l.get("hint", ""), "it is said at the start")
                self.assertEqual(service.post(GUIDE_EVENT).status, 200)
                self.assertEqual(service.stop(), 0)
                continue
            self.assertEqual(service.wait_exit(), 4, "no crash")
            fatal = service.wait_log(lambda l: l["level"] == "fatal")
            self.assertIn(f"At most {most} files may be open", fatal["error"])
            self.assertIn("ulimit -n", fatal["hint"])

    def test_no_open_file_left(self):
        service = self.start()
        used = len(os.listdir(f"/proc/{service.process.pid}/fd"))
        soft, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (used, hard))
        with contextlib.ExitStack() as held:
            def one_more():
                held.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS))
                return any(line.get("msg") == "No file descriptor is left for another connection" for line in list(service.lines))
            wait_until(one_more, "the shortage in the log")
        resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)


if __name__ == "__main__":
    unittest.main()
