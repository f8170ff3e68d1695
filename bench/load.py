"""What is sent, and what has arrived: the corpus, wrk, a slow prober, and the two warehouse files."""

import http.client
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import threading
import time

from processes import BenchError

HERE = pathlib.Path(__file__).resolve().parent
TABLE = "appsflyer_events"
TARGETS = ("primary", "secondary")


def make_corpus(binary, path, events=2000):
    """Sample events of the program's own generator: one JSON object a line, about 2.5 KB each."""
    run = subprocess.run([str(binary), "generate", "--events", str(events), "--out", str(path)], capture_output=True, text=True, check=False)
    if run.returncode != 0 or not path.exists():
        raise BenchError(f"`twinshift generate --out` failed: {run.stderr.strip()[-500:]}")
    lines = path.read_text(encoding="utf-8").splitlines()
    return {"events": len(lines), "bytes_average": round(sum(map(len, lines)) / max(1, len(lines)))}


class Wrk:
    """Runs wrk with our script; serial numbers go on from run to run, so that no event repeats."""

    SERIAL_STEP = 100_000_000

    def __init__(self, corpus):
        self.corpus = corpus
        self.runs = 0

    def start(self, url, connections, seconds, rate=0):
        self.runs += 1
        environment = dict(os.environ, BENCH_EVENTS=str(self.corpus), BENCH_RATE=str(rate), BENCH_SERIAL=str(self.runs * self.SERIAL_STEP))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / "post.lua"), url]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)

    @staticmethod
    def result(process, seconds):
        try:
            output, _ = process.communicate(timeout=seconds + 60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise BenchError(f"wrk did not end {seconds + 60} s after its start") from None
        match = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
        if not match:
            raise BenchError(f"wrk gave no result:\n{output[-800:]}")
        raw = json.loads(match.group(1))
        accepted = raw["requests"] - raw["refused"]
        return {
            "requests_per_second": accepted / (raw["microseconds"] / 1e6), "accepted": accepted, "refused": raw["refused"],
            "socket_errors": raw["socket_errors"], "p50_ms": raw["p50_us"] / 1e3, "p99_ms": raw["p99_us"] / 1e3, "max_ms": raw["max_us"] / 1e3,
        }

    def run(self, url, connections, seconds, rate=0):
        return self.result(self.start(url, connections, seconds, rate), seconds)


class Warehouses:
    """Looks into both files, read-only. While rows only come in, the highest rowid is their number: no scan while the service works."""

    def __init__(self, data):
        self.paths = {target: pathlib.Path(data) / f"{target}.db" for target in TARGETS}
        self.connections = {}

    def _ask(self, target, sql, parameters=()):
        try:
            if target not in self.connections:
                # autocommit: no transaction of ours holds back a checkpoint
                self.connections[target] = sqlite3.connect(f"file:{self.paths[target]}?mode=ro", uri=True, timeout=5, isolation_level=None,
                                                           check_same_thread=False)
            return self.connections[target].execute(sql, parameters).fetchall()
        except sqlite3.OperationalError:  # not created yet
            self.connections.pop(target, None)
            return []

    def landed(self, target):
        rows = self._ask(target, f"SELECT max(rowid) FROM {TABLE}")
        return (rows[0][0] or 0) if rows else 0

    def landed_in_both(self):
        return min(self.landed(target) for target in TARGETS)

    def count(self, target):
        rows = self._ask(target, f"SELECT count(*), count(DISTINCT event_id) FROM {TABLE}")
        return rows[0] if rows else (0, 0)

    def probes_after(self, target, rowid, mark):
        return self._ask(target, f"SELECT rowid, customer_user_id FROM {TABLE} WHERE rowid > ? AND customer_user_id GLOB ?", (rowid, mark + "*"))

    def wait_for(self, events, seconds_max):
        """Seconds until both hold `events`, and how many there were at the end."""
        begin = time.monotonic()
        while True:
            landed = self.landed_in_both()
            if landed >= events or time.monotonic() - begin > seconds_max:
                return time.monotonic() - begin, landed
            time.sleep(0.02)

    def close(self):
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()


class Prober:
    """Sends marked events at a slow, even rate and watches them arrive on both sides: latency from the POST to the later of the two, to 5 ms."""

    LOOK_SECONDS = 0.005

    def __init__(self, port, warehouses, rate, seconds, mark):
        self.port, self.warehouses, self.rate, self.seconds, self.mark = port, warehouses, rate, seconds, mark
        self.sent, self.seen, self.failed = {}, {target: {} for target in TARGETS}, 0
        self.sender = threading.Thread(target=self._send, daemon=True)

    def _send(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        begin = time.monotonic()
        for number in range(int(self.rate * self.seconds)):
            time.sleep(max(0.0, begin + number / self.rate - time.monotonic()))
            name = f"{self.mark}{number:08d}"
            event = {"appsflyer_id": f"probe-{number}", "event_name": "bench_probe", "event_time": "2025-06-01 00:00:00", "customer_user_id": name}
            self.sent[name] = time.monotonic()
            try:
                connection.request("POST", "/webhook/appsflyer", json.dumps(event), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failed += 1
                    del self.sent[name]
            except (OSError, http.client.HTTPException):
                self.failed += 1
                del self.sent[name]
                connection.close()
        connection.close()

    def run(self, patience_seconds=30):
        last = {target: self.warehouses.landed(target) for target in TARGETS}
        self.sender.start()
        end = time.monotonic() + self.seconds + patience_seconds
        while time.monotonic() < end:
            for target in TARGETS:
                top = self.warehouses.landed(target)
                if top > last[target]:
                    now = time.monotonic()
                    for rowid, name in self.warehouses.probes_after(target, last[target], self.mark):
                        self.seen[target].setdefault(name, now)
                        top = max(top, rowid)
                    last[target] = top
            if not self.sender.is_alive() and all(len(seen) >= len(self.sent) for seen in self.seen.values()):
                break
            time.sleep(self.LOOK_SECONDS)
        self.sender.join(15)
        return self._figures()

    def _figures(self):
        both = [name for name in self.sent if all(name in seen for seen in self.seen.values())]
        latencies = sorted(max(seen[name] for seen in self.seen.values()) - self.sent[name] for name in both)
        if not latencies:
            return {"probes": len(self.sent), "never_seen": len(self.sent), "refused": self.failed}
        return {
            "probes": len(self.sent), "never_seen": len(self.sent) - len(both), "refused": self.failed,
            "p50_ms": latencies[len(latencies) // 2] * 1e3, "p99_ms": latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))] * 1e3,
            "max_ms": latencies[-1] * 1e3,
        }
