"""What being watched costs: the same load with nobody looking, and with ten viewers of the page, a scrape and a question for the books every second."""

import http.client
import pathlib
import selectors
import socket
import statistics
import threading
import time

from load import Warehouses
from processes import BenchError, Meter, cpu_seconds_exact

VIEWERS = 10
CONNECTIONS = 64
SETTLE_SECONDS = 1
LAND_SECONDS_MAX = 120
ANSWER_SECONDS_MAX = 10
RATE = 1_000  # of the load on a timetable: below what two cores land beside it


class Watchers:
    """While open: VIEWERS streams of /api/events that read all they get, and once a second GET /metrics and the books by the control socket. One thread."""

    def __init__(self, service):
        self.service, self.seen, self.faults = service, {"messages": 0, "scrapes": 0, "books": 0}, []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.selector = selectors.DefaultSelector()
        for _ in range(VIEWERS):
            stream = socket.create_connection(("127.0.0.1", self.service.port), timeout=ANSWER_SECONDS_MAX)
            stream.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.selector.register(stream, selectors.EVENT_READ)
        self.thread.start()
        return self

    def _watch(self):
        due = time.monotonic()
        while not self.ended.is_set():
            for key, _ in self.selector.select(max(0.0, min(0.1, due - time.monotonic()))):
                read = key.fileobj.recv(1 << 16)
                if not read:
                    self.faults.append("a viewer was cut off")
                    self.selector.unregister(key.fileobj)
                self.seen["messages"] += read.count(b"data: ")
            if time.monotonic() >= due:
                due += 1
                try:
                    self._scrape()
                    self._ask_for_books()
                except (OSError, http.client.HTTPException) as error:
                    self.faults.append(f"{type(error).__name__}: {error}")

    def _scrape(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=ANSWER_SECONDS_MAX)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        self.seen["scrapes"] += answer.status == 200

    def _ask_for_books(self):
        """As `twinshift books` does, without the cost of starting a process."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(ANSWER_SECONDS_MAX)
            peer.connect(str(self.service.data / "control.sock"))
            peer.sendall(b"books\njson\n\n")
            answer = b""
            while piece := peer.recv(1 << 16):
                answer += piece
            self.seen["books"] += answer.startswith(b"ok\n")

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join(3 * ANSWER_SECONDS_MAX)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def check(self, seconds):
        """A bench whose watchers saw nothing has measured nothing."""
        least = {"messages": VIEWERS * (seconds - 1) // 2, "scrapes": (seconds - 1) // 2, "books": (seconds - 1) // 2}
        if self.faults or any(self.seen[name] < count for name, count in least.items()):
            raise BenchError(f"in {seconds} s the watchers saw {self.seen}, at least {least} was expected; {'; '.join(self.faults[:3]) or 'no fault'}")


class Rounds:
    """Pairs of measurements on one service, watched and not; which comes first changes from pair to pair, so that a drift falls on both."""

    def __init__(self, bench, service):
        self.bench, self.service, self.warehouses, self.accepted = bench, service, Warehouses(service.data), 0
        self.seconds = bench.options.viewers_seconds

    def _settled(self):
        """What came before has landed: no pair pays for another."""
        _, landed = self.warehouses.wait_for(self.accepted, LAND_SECONDS_MAX)
        if landed < self.accepted:
            raise BenchError(f"{landed} of {self.accepted} events had landed {LAND_SECONDS_MAX} s after the load; the service's log ends:\n{self.service.log_tail()}")

    def _load(self, rate):
        meter, begin = Meter(self.service.pid), cpu_seconds_exact(self.service.pid)
        result = self.bench.wrk.run(self.service.url, CONNECTIONS, self.seconds, rate)
        self.accepted += result["accepted"]
        self._settled()  # within the meter: the landing of all of them is in the figure
        cpu, read = cpu_seconds_exact(self.service.pid) - begin, meter.read()
        if result["refused"] or not result["accepted"]:
            raise BenchError(f"{result['refused']} of the requests were refused, {result['accepted']} accepted")
        return {"rate": result["requests_per_second"], "p99_ms": result["p99_ms"], "foreign_share": read["foreign_share"],
                "cpu_us_per_event": cpu * 1e6 / result["accepted"]}

    def _idle(self):
        begin = cpu_seconds_exact(self.service.pid)
        time.sleep(self.seconds)
        return {"cpu_ms_per_second": (cpu_seconds_exact(self.service.pid) - begin) * 1e3 / self.seconds}

    def _one(self, measure, watched):
        if not watched:
            time.sleep(SETTLE_SECONDS)
            return measure()
        with Watchers(self.service) as watchers:
            time.sleep(SETTLE_SECONDS)
            figures = measure()
        watchers.check(self.seconds)
        return figures

    def pairs(self, measure):
        sides = {False: [], True: []}
        for number in range(self.bench.options.viewers_rounds):
            for watched in (number % 2 == 1, number % 2 == 0):
                sides[watched].append(self._one(measure, watched))
        return sides[False], sides[True]

    def loaded(self, rate=0):
        return self.pairs(lambda: self._load(rate))

    def idle(self):
        return self.pairs(self._idle)


def compared(pairs, name):
    alone, watched = ([each[name] for each in side] for side in pairs)
    ratios = [b / a for a, b in zip(alone, watched)]
    return {"alone": statistics.median(alone), "watched": statistics.median(watched),
            "ratio": {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}}


def viewers(bench):
    folder = pathlib.Path(bench.folder) / "viewers"
    with bench.service(folder) as service:
        rounds = Rounds(bench, service)
        rounds._load(RATE)  # warm
        idle, timetable, full = rounds.idle(), rounds.loaded(RATE), rounds.loaded()
        rounds.warehouses.close()
    bench.forget(folder)
    foreign = max(each["foreign_share"] for pairs in (timetable, full) for side in pairs for each in side)
    alone, watched = (statistics.median(each["cpu_ms_per_second"] for each in side) for side in idle)
    return {
        "viewers": VIEWERS, "foreign_share": foreign,
        "idle": {"alone": alone, "watched": watched, "more": watched - alone},
        "timetable": {"rate_asked": RATE, "cpu_us_per_event": compared(timetable, "cpu_us_per_event"), "p99_ms": compared(timetable, "p99_ms")},
        "full": {name: compared(full, name) for name in ("rate", "cpu_us_per_event", "p99_ms")},
    }
