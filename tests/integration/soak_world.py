"""The service and its two PostgreSQL servers, each behind a proxy of its own, and how each trouble of a plan is begun and ended. One thread."""

import contextlib
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "standin"))

from harness import Service, wait_until
from postgres_server import PostgresServer, children_of, send_signal
from soak_load import USUAL_PER_SECOND
from with_servers import StandIn

DATABASE = "soak"
SLOW_MS = 150
CUT_WITHIN_MESSAGES = 60


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="twinshift-soak-")
        self.stack = contextlib.ExitStack()
        self.servers, self.proxies, self.service, self.load = {}, {}, None, None
        self.services = []
        self._frozen = []
        for target in ("primary", "secondary"):
            self.servers[target] = self.stack.enter_context(PostgresServer())
            self.servers[target].create_database(DATABASE)
            self.proxies[target] = self.stack.enter_context(StandIn(self.servers[target]))

    def settings(self):
        return {"PRIMARY_WAREHOUSE_URL": self.proxies["primary"].postgres_url(DATABASE),
                "SECONDARY_WAREHOUSE_URL": self.proxies["secondary"].postgres_url(DATABASE)}

    def start_service(self):
        service = Service(self.folder, self.settings())
        self.services.append(service)
        service.wait_started()
        self.service = service  # from here on the senders use it

    def current(self):
        return self.service

    def check_alive(self):
        """Nobody but us ends the service."""
        if self.service and self.service.process.poll() is not None:
            raise AssertionError(f"the service ended by itself with {self.service.process.returncode}: {''.join(self.service.errors)[-2000:]}")

    def close(self):
        self._thaw()
        for service in self.services:
            service.kill()
        self.stack.close()

    def keep_logs(self):
        for number, service in enumerate(self.services):
            with open(os.path.join(self.folder, f"service{number}.log"), "wb") as log:
                log.writelines(list(service.raw))

    # Troubles: begin and end.

    def begin(self, trouble):
        words = trouble.kind.split()
        if trouble.holds == "service":
            self._take_service(kill=words[0] == "kill")
        elif trouble.holds == "load":
            self.load.per_second = 0 if words[0] == "no" else 4 * USUAL_PER_SECOND
        elif words[0] == "kill":
            self.servers[trouble.holds].kill9()
        elif words[0] == "freeze":
            self._freeze(self.servers[trouble.holds])
        else:
            self._order(trouble)

    def end(self, trouble):
        if trouble.holds == "service":
            self.start_service()
        elif trouble.holds == "load":
            self.load.per_second = USUAL_PER_SECOND
        elif trouble.kind.startswith("kill"):
            self.servers[trouble.holds].start()
        elif trouble.kind.startswith("freeze"):
            self._thaw()
        else:
            self.proxies[trouble.holds].fault("off")

    def _take_service(self, kill):
        service, self.service = self.service, None
        if kill:
            service.kill()
            return
        code = service.stop()
        if code not in (0, 5):  # 5: some of what was in hand stays in the queue
            raise AssertionError(f"the service ended with {code} on SIGTERM: {''.join(service.errors)[-2000:]}")

    def _order(self, trouble):
        proxy, kind = self.proxies[trouble.holds], trouble.kind
        if kind.startswith("refuse"):
            proxy.fault("refuse", database=DATABASE)
        elif "black hole" in kind:
            proxy.fault("black_hole", database=DATABASE, hold=kind.startswith("held"))
        elif kind.startswith("slow"):
            proxy.fault("slow", database=DATABASE, ms=SLOW_MS)
        elif kind.endswith("its commit"):
            proxy.fault("cut_before_commit" if "before" in kind else "cut_after_commit", database=DATABASE)
        else:
            proxy.fault("cut", database=DATABASE, at=1 + trouble.number % CUT_WITHIN_MESSAGES)

    def _freeze(self, server):
        # The first process first, so that it makes no more of them meanwhile.
        send_signal(server.pid(), signal.SIGSTOP)
        self._frozen = [server.pid(), *children_of(server.pid())]
        for pid in self._frozen:
            send_signal(pid, signal.SIGSTOP)

    def _thaw(self):
        for pid in reversed(self._frozen):
            send_signal(pid, signal.SIGCONT)
        self._frozen = []

    # What stands there.

    def ask(self, target, sql):
        return self.servers[target].psql(sql, DATABASE)

    def landed(self, target):
        """By appsflyer_id: how often."""
        lines = self.ask(target, "SELECT appsflyer_id, count(*) FROM appsflyer_events GROUP BY 1").splitlines()
        return {name: int(count) for name, count in (line.rsplit("|", 1) for line in lines)}

    def digest(self, target):
        """Count and sums as the windows have them."""
        return self.ask(target, "SELECT count(*), sum(event_key & 2147483647), sum(event_key >> 31) FROM appsflyer_events")

    def columns(self, target):
        """By name: a digest of all its values in the order of the events. Without the times of arrival, which differ between copies of one event."""
        names = self.ask(target, "SELECT column_name FROM information_schema.columns WHERE table_name = 'appsflyer_events' AND column_name NOT IN "
                         "('loaded_at', 'received_at', 'created_at', 'updated_at')").splitlines()
        digests = ", ".join(f"""md5(string_agg(coalesce("{name}"::text, 'null'), '|' ORDER BY event_id))""" for name in names)
        return dict(zip(names, self.ask(target, f"SELECT {digests} FROM appsflyer_events").split("|")))

    def settled(self):
        self.check_alive()
        parts = self.service.request("GET", "/ready").json()["parts"]
        return parts["queue"]["depth"] == 0 and parts["secondary"]["owed"] == 0

    def wait_settled(self, seconds):
        begin = time.monotonic()
        wait_until(self.settled, f"an empty queue and nothing owed; /ready: {self.service.request('GET', '/ready').body}", seconds)
        return time.monotonic() - begin

