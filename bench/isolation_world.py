"""Two PostgreSQL servers, the secondary's behind the proxy, and the states that the secondary can be put into. One thread.

The secondary's server and proxy run at a low priority: they stand for another machine, with which the service shares no cores."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

from load import TARGETS
from processes import BenchError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "standin"))
from postgres_server import PostgresServer  # noqa: E402
from with_servers import StandIn  # noqa: E402

# Not a state of the secondary: it is well, while another process drains a backlog into its server. What this costs the primary is this
# machine's cores and disk, not the service.
OTHER_DRAINS = "another process draining"
# Nor this: it is well, while a loop that touches nothing runs on each core, at the system's lowest priority. What this costs is what *any* work
# beside the service costs on this machine.
IDLE_LOOPS = "idle loops beside"
DRAINING = ("draining", OTHER_DRAINS)
TABLES = ("appsflyer_events", "twinshift_loads", "twinshift_duplicates")
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
SLOW_SECONDS = 5.0
HELD_SECONDS = 1.0
FAR_PRIORITY = 10
LOOP_SECONDS_MAX = 120
FULL_DISK_BYTES = 64 << 20
LAND_SECONDS_MAX = 120
LOOK_SECONDS = 0.02

# Makes every batch of a target wait: its markers are written once a batch, in its transaction.
WAIT_SQL = """
CREATE TABLE bench_wait (seconds double precision);
INSERT INTO bench_wait VALUES (0);
CREATE FUNCTION bench_wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(seconds) FROM bench_wait WHERE seconds > 0; RETURN NULL; END $$;
CREATE TRIGGER bench_wait AFTER INSERT ON twinshift_loads FOR EACH STATEMENT EXECUTE FUNCTION bench_wait();
"""
FULL_SQL = """
CREATE FUNCTION bench_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER bench_full BEFORE INSERT ON appsflyer_events FOR EACH STATEMENT EXECUTE FUNCTION bench_full();
ALTER TABLE appsflyer_events DISABLE TRIGGER bench_full;
"""


class FullDisk:
    """A file system of its own below the database `full`, and a file that takes all its room. Without the right to mount one, a trigger that
    raises the server's own error for a full disk (53100)."""

    def __init__(self, server, folder):
        self.server, self.place = server, pathlib.Path(folder) / "small-disk"
        self.place.mkdir()
        owner = os.stat(server.folder)
        options = f"size={FULL_DISK_BYTES},mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
        self.mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place], check=False,
                                                            stderr=subprocess.DEVNULL).returncode == 0
        self.how = "a full file system below the database" if self.mounted else "error 53100 raised by a trigger: mounting a small file system wants root"

    def create_database(self):
        if not self.mounted:
            self.server.create_database("full")
            return
        os.chmod(self.place.parent, 0o755)
        self.server.psql(f"CREATE TABLESPACE small LOCATION '{self.place}'")
        self.server.psql("CREATE DATABASE \"full\" TEMPLATE template0 ENCODING 'UTF8' TABLESPACE small")

    def fill(self):
        if not self.mounted:
            self.server.psql("ALTER TABLE appsflyer_events ENABLE TRIGGER bench_full", "full")
            return
        with open(self.place / "ballast", "ab", buffering=0) as ballast, contextlib.suppress(OSError):
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(bytes(size))

    def empty(self):
        if not self.mounted:
            self.server.psql("ALTER TABLE appsflyer_events DISABLE TRIGGER bench_full", "full")
            return
        (self.place / "ballast").unlink(missing_ok=True)

    def remove(self):
        """After the server has been stopped."""
        if self.mounted:
            subprocess.run(["umount", self.place], check=False)


class World:
    def __init__(self, bench):
        self.bench = bench
        self.loops = []
        self._stack = contextlib.ExitStack()
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise

    def _build(self):
        secondary = PostgresServer(settings=SETTINGS)
        self.disk = FullDisk(secondary, self.bench.folder)
        self._stack.callback(self.disk.remove)
        self._stack.callback(secondary.remove)
        self.servers = {"primary": self._stack.enter_context(PostgresServer(settings=SETTINGS)), "secondary": secondary}
        secondary.start()
        self.stand_in = self._stack.enter_context(StandIn(secondary))
        for pid in (secondary.pid(), self.stand_in.pid()):
            os.setpriority(os.PRIO_PROCESS, pid, FAR_PRIORITY)  # of the server's sessions, too: they inherit it
        for target, server in self.servers.items():
            server.create_database(target)
        self.disk.create_database()
        for state in ("healthy", "disk full"):
            self._make_tables(state)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def urls(self, state="healthy"):
        return {"PRIMARY_WAREHOUSE_URL": self.servers["primary"].url("primary"),
                "SECONDARY_WAREHOUSE_URL": self.stand_in.postgres_url(self.database(state))}

    @staticmethod
    def database(state):
        """The secondary's."""
        return "full" if state in ("disk full", OTHER_DRAINS) else "secondary"

    def _databases(self):
        return (("primary", "primary"), ("secondary", "secondary"), ("secondary", "full"))

    def _make_tables(self, state):
        with self.bench.service(**self.urls(state)) as service:
            self.wait_for(lambda: all(self._has_tables(*each) for each in self._of_state(state)), "the tables of both targets", service)
        self.bench.forget(service.folder)
        for target, database in self._of_state(state):
            if self.servers[target].psql("SELECT to_regclass('bench_wait') IS NULL", database) == "t":
                self.servers[target].psql(WAIT_SQL, database)
        if state == "disk full" and not self.disk.mounted:
            self.servers["secondary"].psql(FULL_SQL, "full")

    def _of_state(self, state):
        return (("primary", "primary"), ("secondary", self.database(state)))

    def _has_tables(self, target, database):
        return self.servers[target].psql(f"SELECT count(*) FROM pg_class WHERE relname IN {TABLES}", database) == str(len(TABLES))

    @staticmethod
    def wait_for(condition, what, service, seconds=LAND_SECONDS_MAX):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or service.process.poll() is not None:
                raise BenchError(f"waited {seconds} s in vain for {what}; the log ends:\n{service.log_tail()}")
            time.sleep(LOOK_SECONDS)

    # The states.

    def hold_back(self, state):
        """Before the service starts: draining must not be over before it is measured."""
        if state in DRAINING:
            self.servers["secondary"].psql(f"UPDATE bench_wait SET seconds = {HELD_SECONDS}", "secondary")

    def impose(self, state):
        if state in DRAINING:
            self.set_wait(0, ("secondary",))
        elif state == "slow":
            self.set_wait(SLOW_SECONDS, ("secondary",))
        elif state == "refusing":
            self.stand_in.fault("refuse")
        elif state == "black hole":
            self.stand_in.fault("black_hole", database="secondary")
        elif state == "disk full":
            self.disk.fill()
        elif state == IDLE_LOOPS:
            self.loops = [subprocess.Popen(["chrt", "--idle", "0", "timeout", str(LOOP_SECONDS_MAX), "sh", "-c", "while :; do :; done"])
                          for _ in range(os.cpu_count() or 1)]

    def set_wait(self, seconds, targets=TARGETS):
        for target, database in self._databases():
            if target in targets:
                self.servers[target].psql(f"UPDATE bench_wait SET seconds = {seconds}", database)

    def heal(self):
        """Everything well, every table empty, nobody connected: as before the first run. The service must have ended."""
        self.stand_in.order("reset")
        self.disk.empty()
        while self.loops:
            loop = self.loops.pop()
            loop.terminate()  # `timeout` ends the loop with itself
            loop.wait()
        for target, database in self._databases():
            server = self.servers[target]
            server.psql("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", database)
            server.psql(f"TRUNCATE {', '.join(TABLES)}; UPDATE bench_wait SET seconds = 0", database)
        for server in self.servers.values():
            server.psql("CHECKPOINT")

    def rows(self, target):
        return [int(word) for word in self.servers[target].psql("SELECT count(*), count(DISTINCT event_id) FROM appsflyer_events", target).split("|")]

    def arrivals(self, begin, end):
        """Of the primary's rows received between two moments (UNIX seconds): when each was received, and its batch."""
        sql = ("SELECT extract(epoch FROM r.received_at AT TIME ZONE 'UTC'), l.batch_id FROM appsflyer_events r "
               "JOIN (SELECT DISTINCT batch_id, xmin::text AS x FROM twinshift_loads) l ON l.x = r.xmin::text "
               f"WHERE r.received_at BETWEEN (to_timestamp({begin}) AT TIME ZONE 'UTC') AND (to_timestamp({end}) AT TIME ZONE 'UTC')")
        return [(float(at), batch) for at, batch in (line.split("|") for line in self.servers["primary"].psql(sql, "primary").splitlines())]


class Landings:
    """The batches that a service's log tells of, read as it grows: a batch's line is written once its commit has been answered."""

    def __init__(self, service):
        self.service, self.offset = service, 0
        self.batches = {target: [] for target in TARGETS}

    def look(self):
        with open(self.service.log_path, "rb") as log:
            log.seek(self.offset)
            whole = log.read().rpartition(b"\n")[0]
        self.offset += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            if b'"Data successfully inserted' in line:
                entry = json.loads(line)
                self.batches[entry["target"]].append((entry["time"] / 1000, entry["statementId"], entry["rows"], bool(entry.get("fromBacklog"))))

    def rows(self, target="primary"):
        self.look()
        return sum(batch[2] for batch in self.batches[target])

    def rows_owed(self):
        """Of those that the secondary's lane took from the backlog."""
        return sum(rows for _, _, rows, owed in self.batches["secondary"] if owed)

    def wait(self, rows, target="primary"):
        World.wait_for(lambda: self.rows(target) >= rows, f"{rows} events in the {target}", self.service)
