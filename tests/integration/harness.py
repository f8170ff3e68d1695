"""Starts the real binary in a folder of its own and talks to it over real sockets. Everything waits for a moment (a log line, a row, an
answer), never for a while; every wait has a bound."""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

BINARY = os.environ.get("TWINSHIFT_BINARY", "build/release/twinshift")
# Generous: sanitizer builds on a busy machine are slow, and a test that passes never waits this long.
PATIENCE_SECONDS = float(os.environ.get("TWINSHIFT_TEST_PATIENCE", "60"))

GUIDE_EVENT = {
    "appsflyer_id": "test-123",
    "event_name": "test_dual_write",
    "event_time": "2024-01-01 12:00:00",
    "app_id": "com.test.app",
    "customer_user_id": "test_user_123",
    "platform": "ios",
}

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.02, 0.5
ASKING_SHARE = 3  # the pause beside the asking before it


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """Asks `condition` again and again until it gives something true, which is returned. What costs much, such as a psql of its own, is asked more
    seldom: else the asking takes the machine from what is waited for."""
    end = time.monotonic() + seconds
    while True:
        begin = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        if now > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(min(PAUSE_SECONDS_MAX, max(PAUSE_SECONDS_MIN, ASKING_SHARE * (now - begin))))


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body

    def json(self):
        return json.loads(self.body)


class Service:
    """One running twinshift. `folder` outlives it, so that a test can start another one on the same data."""

    def __init__(self, folder, settings=None, arguments=("serve",), preexec=None, binary=BINARY):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TZ", "LC_ALL", "LOCPATH", "TMPDIR") or k.endswith("SAN_OPTIONS")}
        environment.update({"HOST": "127.0.0.1", "PORT": "0", "SECONDARY_REDSHIFT_ENABLED": "true", "DISK_RESERVE": "16MB", "SHUTDOWN_NOTICE": "0"})
        environment.update(settings or {})
        self.environment = environment
        self.lines = []
        self.raw = []
        self.process = subprocess.Popen([os.path.abspath(binary), *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=preexec)
        self.errors = []
        self._readers = [threading.Thread(target=self._read_log, daemon=True), threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()
        self.port = 0

    def _read_log(self):
        for line in self.process.stdout:
            self.raw.append(line)
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"msg": "", "unreadable": line})

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.decode("utf-8", "replace"))

    def wait_started(self):
        line = self.wait_log(lambda l: l.get("msg") == "Server listening")
        self.port = line["port"]
        return self

    def wait_log(self, condition, what="a log line", seconds=PATIENCE_SECONDS):
        def look():
            for line in list(self.lines):
                if condition(line):
                    return line
            if self.process.poll() is not None and not any(r.is_alive() for r in self._readers):
                raise AssertionError(f"the process ended with {self.process.returncode}: {''.join(self.errors)}")
            return None
        try:
            return wait_until(look, what, seconds)
        except AssertionError as error:
            tail = "\n".join(json.dumps(l) for l in self.lines[-20:])
            raise AssertionError(f"{error}\nthe log's end:\n{tail}\n{''.join(self.errors)}") from None

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE_SECONDS):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def post(self, event, **kwargs):
        body = event if isinstance(event, (bytes, str)) else json.dumps(event)
        if isinstance(body, str):
            body = body.encode("utf-8")
        return self.request("POST", "/webhook/appsflyer", body, {"Content-Type": "application/json"}, **kwargs)

    def raw_exchange(self, data, timeout=PATIENCE_SECONDS, half_close=False):
        """Sends bytes as they are and returns everything until the other side closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
            out = b""
            while True:
                try:
                    part = s.recv(65536)
                except ConnectionResetError:
                    return out
                if not part:
                    return out
                out += part

    def warehouse(self, target):
        return os.path.join(self.data, f"{target}.db")

    def sql(self, target, statement, parameters=()):
        path = self.warehouse(target)
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE_SECONDS) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(r) for r in connection.execute(statement, parameters)]
        connection.close()
        return rows

    def count(self, target):
        try:
            return self.sql(target, "SELECT count(*) AS n FROM appsflyer_events")[0]["n"]
        except sqlite3.OperationalError:
            return 0

    def wait_landed(self, count, targets=("primary", "secondary"), seconds=PATIENCE_SECONDS):
        for target in targets:
            wait_until(lambda t=target: self.count(t) >= count, f"{count} events in {target}", seconds)

    def stop(self, seconds=PATIENCE_SECONDS):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait_exit(seconds)

    def wait_exit(self, seconds=PATIENCE_SECONDS):
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.wait_exit() if not self.process.stdout.closed else self.process.returncode


class ServiceTest(unittest.TestCase):
    """A test with a folder of its own; whatever service it started is gone afterwards."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="twinshift-test-")
        self.services = []

    def tearDown(self):
        for service in self.services:
            service.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self, settings=None, **kwargs):
        service = Service(self.folder, settings, **kwargs)
        self.services.append(service)
        return service

    def start(self, settings=None, **kwargs):
        return self.launch(settings, **kwargs).wait_started()

    def run_command(self, *arguments, settings=None, timeout=PATIENCE_SECONDS, stdout=subprocess.PIPE, preexec=None):
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TZ", "LC_ALL", "LOCPATH") or k.endswith("SAN_OPTIONS")}
        environment.update({"SECONDARY_REDSHIFT_ENABLED": "true"})
        environment.update(settings or {})
        return subprocess.run([os.path.abspath(BINARY), *arguments], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=stdout, stderr=subprocess.PIPE, timeout=timeout, text=True, preexec_fn=preexec)

    def assert_each_once(self, service, message_or_ids, column="appsflyer_id"):
        """Every one of these is in both warehouses exactly once."""
        for target in ("primary", "secondary"):
            rows = service.sql(target, f'SELECT "{column}" AS id, count(*) AS n FROM appsflyer_events GROUP BY 1')
            found = {r["id"]: r["n"] for r in rows}
            missing = [i for i in message_or_ids if i not in found]
            self.assertEqual(missing, [], f"lost in {target}")
            doubled = {i: n for i, n in found.items() if n != 1}
            self.assertEqual(doubled, {}, f"doubled in {target}")
