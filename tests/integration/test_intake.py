"""What the webhook answers, and that nothing of what it took is lost."""

import gzip
import http.client
import json
import random
import socket
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until

REQUIRED = "Missing required fields: appsflyer_id, event_name, or event_time"


class Answers(ServiceTest):
    def refused(self, answer, status):
        self.assertEqual(answer.status, status)
        body = answer.json()
        self.assertIs(body["success"], False)
        self.assertTrue(body["error"])
        return body["error"]

    def test_refusals(self):
        service = self.start()
        for body in (b"", b"{", b'{"a":1', b"[1]", b"7", b'"x"', b'{"a":"\xff"}', b"{} {}", b"nonsense"):
            self.refused(service.request("POST", "/webhook/appsflyer", body), 400)
        self.refused(service.request("POST", "/webhook/appsflyer", b" " * (1024 * 1024 + 1)), 413)
        self.refused(service.request("POST", "/elsewhere", b"{}"), 404)
        answer = service.request("DELETE", "/webhook/appsflyer")
        self.refused(answer, 405)
        self.assertIn("POST", answer.headers["allow"])
        self.assertEqual(service.request("GET", "/health").status, 200)
        self.assertEqual(service.count("primary"), 0)

    def test_any_content_type_path_and_spelling_of_the_path(self):
        service = self.start()
        sent = []
        for i, (path, kind) in enumerate([("/webhook/appsflyer", "application/json"), ("/webhook/appsflyer/", "text/plain"),
                                          ("/api/webhook/appsflyer", "application/x-www-form-urlencoded"),
                                          ("/webhook/appsflyer?token=secret-in-query", "application/octet-stream")]):
            event = dict(GUIDE_EVENT, appsflyer_id=f"path-{i}")
            self.assertEqual(service.request("POST", path, json.dumps(event), {"Content-Type": kind}).status, 200)
            sent.append(event["appsflyer_id"])
        service.wait_landed(len(sent))
        self.assert_each_once(service, sent)
        self.assertNotIn(b"secret-in-query", b"".join(service.raw))

    def test_gzip_and_byte_order_mark(self):
        service = self.start()
        packed = gzip.compress(json.dumps(dict(GUIDE_EVENT, appsflyer_id="packed")).encode())
        self.assertEqual(service.request("POST", "/webhook/appsflyer", packed, {"Content-Encoding": "gzip"}).status, 200)
        marked = b"\xef\xbb\xbf" + json.dumps(dict(GUIDE_EVENT, appsflyer_id="marked")).encode()
        self.assertEqual(service.post(marked).status, 200)
        self.refused(service.request("POST", "/webhook/appsflyer", packed[:-9], {"Content-Encoding": "gzip"}), 400)
        bomb = gzip.compress(b" " * 50_000_000)
        self.refused(service.request("POST", "/webhook/appsflyer", bomb, {"Content-Encoding": "gzip"}), 413)
        service.wait_landed(2)
        self.assert_each_once(service, ["packed", "marked"])

    def test_get_is_the_same_event_as_a_post_of_texts(self):
        service = self.start()
        self.assertEqual(service.request("GET", "/webhook/appsflyer?appsflyer_id=g-1&event_name=a%20b&event_time=2024-01-01+12:00:00").status, 200)
        self.assertEqual(service.post({"event_time": "2024-01-01 12:00:00", "event_name": "a b", "appsflyer_id": "g-1"}).status, 200)
        marker = dict(GUIDE_EVENT, appsflyer_id="g-2")
        self.assertEqual(service.post(marker).status, 200)
        service.wait_landed(2)
        self.assertEqual(service.stop(), 0)
        self.assert_each_once(service, ["g-1", "g-2"])
        self.refused_get(self.start())

    def refused_get(self, service):
        self.assertIn("no query string", self.refused(service.request("GET", "/webhook/appsflyer"), 400))
        told = self.refused(service.request("GET", "/webhook/appsflyer?ok=1&x=%ff"), 400)
        self.assertIn("byte 5 of the query string", told)
        self.assertIn("send percent-encoded UTF-8", told)
        self.assertIn('\ntwinshift_intake_refused_total{reason="query"} 2\n', service.request("GET", "/metrics").body.decode())

    def test_strict_gives_the_predecessors_text(self):
        service = self.start({"WEBHOOK_STRICT": "true"})
        for missing in ("appsflyer_id", "event_name", "event_time"):
            event = {k: v for k, v in GUIDE_EVENT.items() if k != missing}
            self.assertEqual(self.refused(service.post(event), 400), REQUIRED)
        self.assertEqual(self.refused(service.post(dict(GUIDE_EVENT, appsflyer_id="")), 400), REQUIRED)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)

    def test_lenient_takes_any_object(self):
        service = self.start()
        self.assertEqual(service.post({}).status, 200)
        self.assertEqual(service.post({"test": True}).status, 200)
        service.wait_landed(2)

    def test_resent_event_lands_once(self):
        service = self.start()
        for _ in range(20):
            self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="last")).status, 200)
        service.wait_landed(2)
        self.assertEqual(service.stop(), 0)
        self.assert_each_once(service, ["test-123", "last"])

    def test_pipelining_and_a_client_that_is_gone(self):
        service = self.start()
        requests = b""
        for i in range(3):
            body = json.dumps(dict(GUIDE_EVENT, appsflyer_id=f"pipe-{i}")).encode()
            requests += b"POST /webhook/appsflyer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n" % (
                len(body), b"Connection: close\r\n" if i == 2 else b"") + body
        self.assertEqual(service.raw_exchange(requests).count(b"HTTP/1.1 200"), 3)
        body = json.dumps(dict(GUIDE_EVENT, appsflyer_id="gone")).encode()
        with socket.create_connection(("127.0.0.1", service.port)) as s:
            s.sendall(b"POST /webhook/appsflyer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        service.wait_landed(4)
        self.assert_each_once(service, ["pipe-0", "pipe-1", "pipe-2", "gone"])

    def test_ready_names_each_part(self):
        service = self.start()
        answer = wait_until(lambda: (lambda a: a if a.status == 200 else None)(service.request("GET", "/ready")), "ready")
        parts = answer.json()["parts"]
        self.assertEqual(sorted(parts), ["parity", "primary", "queue", "secondary"])
        self.assertEqual(service.request("HEAD", "/ready").status, 200)


class Hostile(ServiceTest):
    """Valid objects that many parsers refuse: taken, and nothing of them lost."""

    def bodies(self):
        deep = b'{"appsflyer_id":"deep","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
        return {
            "nul": b'{"appsflyer_id":"nul","x":"a\\u0000b"}',
            "lone": b'{"appsflyer_id":"lone","x":"\\ud800 and \\udc00"}',
            "twice": b'{"appsflyer_id":"twice","x":1,"x":2}',
            "digits": b'{"appsflyer_id":"digits","event_revenue_usd":' + b"9" * 300 + b"}",
            "exponent": b'{"appsflyer_id":"exponent","x":1e999}',
            "deep": deep,
            "long": b'{"appsflyer_id":"long","original_url":"' + b"u" * 70_000 + b'"}',
            "sql": b'{"appsflyer_id":"sql","x\\"; DROP TABLE appsflyer_events; --":"\'; DROP TABLE appsflyer_events; --"}',
        }

    def test_nothing_is_lost(self):
        service = self.start()
        bodies = self.bodies()
        for name, body in bodies.items():
            self.assertEqual(service.post(body).status, 200, name)
        service.wait_landed(len(bodies))
        self.assert_each_once(service, bodies.keys())
        for target in ("primary", "secondary"):
            rows = {r["appsflyer_id"]: r for r in service.sql(target, "SELECT appsflyer_id, extra, original_url FROM appsflyer_events")}
            for name in ("nul", "lone", "twice", "deep"):
                self.assertEqual(json.loads(rows[name]["extra"])["$event"].encode(), bodies[name], name)
            self.assertIn("9" * 300, rows["digits"]["extra"])
            self.assertIn("1e999", rows["exponent"]["extra"])
            self.assertIn("u" * 70_000, rows["long"]["extra"])
            self.assertIn("DROP TABLE", rows["sql"]["extra"])

    def test_random_bytes_leave_the_service_up(self):
        service = self.start()
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        for _ in range(200):
            data = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 300)))
            try:
                service.raw_exchange(data, half_close=True)
            except OSError:
                pass
        self.assertEqual(service.request("GET", "/health").status, 200, f"seed {seed}")


class Limits(ServiceTest):
    def test_slow_sender_is_cut_off_while_others_are_served(self):
        service = self.start({"HTTP_HEADER_TIMEOUT": "1s", "HTTP_BODY_TIMEOUT": "1s", "HTTP_KEEP_ALIVE_IDLE": "2s"})
        slow = []
        for start in (b"POST /webhook/app", b"POST /webhook/appsflyer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", b""):
            s = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS)
            s.sendall(start)
            slow.append(s)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        for s in slow:
            data = b""
            try:
                while part := s.recv(4096):
                    data += part
            except ConnectionResetError:
                pass
            self.assertTrue(data == b"" or b" 408 " in data.split(b"\r\n")[0], data[:80])
            s.close()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)

    def test_large_head_is_refused(self):
        service = self.start()
        data = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n"
        self.assertIn(b" 431 ", service.raw_exchange(data).split(b"\r\n")[0])

    def test_many_idle_connections(self):
        import resource
        wanted = 5000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < wanted + 200:
            wanted = hard - 200
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
        service = self.start()
        connections = []
        try:
            for _ in range(wanted):
                connections.append(socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS))
            self.assertEqual(service.post(GUIDE_EVENT).status, 200)
            with open(f"/proc/{service.process.pid}/status", encoding="ascii") as status:
                resident_kb = next(int(l.split()[1]) for l in status if l.startswith("VmRSS"))
            if "SAN_OPTIONS" not in " ".join(service.environment):
                self.assertLess(resident_kb, 128 * 1024)
        finally:
            for c in connections:
                c.close()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)

    def test_connections_over_the_bound(self):
        service = self.start({"HTTP_CONNECTIONS_MAX": "4"})
        held = [socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS) for _ in range(4)]
        # One answered request each makes sure that the server has them all.
        for s in held:
            s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", s.recv(4096))
        over = service.raw_exchange(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(over == b"" or b" 503 " in over.split(b"\r\n")[0], over[:80])
        for s in held:
            s.close()

        def served():
            try:
                return service.request("GET", "/health").status == 200
            except (OSError, http.client.HTTPException):
                return False
        wait_until(served, "a free place")


if __name__ == "__main__":
    unittest.main()
