"""Landing in PostgreSQL from a full queue, beside `psql \\copy` of the same rows into tables of the same shape, in the same run."""

import contextlib
import json
import pathlib
import subprocess
import sys
import time

from processes import BenchError, Meter, memory_peak_mb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "standin"))
from postgres_server import PostgresServer  # noqa: E402
from with_servers import StandIn  # noqa: E402

TABLE = "appsflyer_events"
LAND_SECONDS_MAX = 600
# Durable as by default; a checkpoint in the middle of a short measurement would hit one side only.
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "fsync": "on"}


class Databases:
    """One server with a database for each target, as both lanes then share its disk and this machine's cores."""

    def __init__(self, names, **settings):
        self.server = PostgresServer(settings=SETTINGS | settings)
        self.server.start()
        self.names = names
        for name in names:
            self.server.create_database(name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.remove()

    def landed(self):
        """Of the slower one, by the markers: counting the table itself would cost what is measured."""
        counts = []
        for name in self.names:
            with contextlib.suppress(Exception):
                counts.append(int(self.server.psql("SELECT coalesce(sum(inserted), 0) FROM twinshift_loads", name)))
        return min(counts) if len(counts) == len(self.names) else 0

    def wait(self, events):
        end = time.monotonic() + LAND_SECONDS_MAX
        while (landed := self.landed()) < events:
            if time.monotonic() > end:
                raise BenchError(f"{landed} of {events} events landed within {LAND_SECONDS_MAX} s")
            time.sleep(0.02)
        return landed

    def check_once(self, events):
        for name in self.names:
            rows, distinct = self.server.psql(f"SELECT count(*), count(DISTINCT event_id) FROM {TABLE}", name).split("|")
            if int(rows) < events or rows != distinct:
                raise BenchError(f"{name}: {rows} rows, {distinct} distinct, {events} accepted")

    def copy_out(self, folder):
        """The landed rows as text, and empty tables of the same shape, indexes included."""
        path = pathlib.Path(folder) / "rows.copy"
        self.server.psql(f"\\copy {TABLE} TO '{path}'", self.names[0])
        for name in self.names:
            self.server.psql(f"CREATE TABLE again (LIKE {TABLE} INCLUDING ALL)", name)
        return path

    def copy_in(self, path, names):
        """Rows a second of `psql \\copy`, one psql a database at the same time: of the slower one."""
        for name in names:
            self.server.psql("TRUNCATE again", name)
        self.server.psql("CHECKPOINT")
        rows = int(self.server.psql(f"SELECT count(*) FROM {TABLE}", names[0]))
        begin = time.monotonic()
        running = [subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", self.server.url(name), "-c", f"\\copy again FROM '{path}'"],
                                    stdin=subprocess.DEVNULL) for name in names]
        if any(process.wait(LAND_SECONDS_MAX) != 0 for process in running):
            raise BenchError("psql could not copy the rows")
        return rows / (time.monotonic() - begin)


def land(bench, databases, accepted, folder, settings):
    with bench.service(folder, **settings) as service:
        # The clock starts at the first rows, so that start-up does not count; those rows do not count either.
        first = databases.wait(1)
        begin, meter = time.monotonic(), Meter(service.pid)
        landed = databases.wait(accepted)
        seconds, read, memory = time.monotonic() - begin, meter.read(), memory_peak_mb(service.pid)
    databases.check_once(accepted)
    events = max(1, landed - first)
    return {"events": accepted, "events_per_second": events / max(seconds, 1e-3), "cpu_us_per_event": read["cpu_seconds"] * 1e6 / events,
            "memory_peak_mb": memory}


def count_batches(log_path, target):
    """From the service's own lines: batches and rows."""
    batches = rows = 0
    for line in pathlib.Path(log_path).read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if entry.get("target") == target and str(entry.get("msg", "")).startswith("Data successfully inserted"):
                batches, rows = batches + 1, rows + entry["rows"]
    return batches, rows


def through_stand_in(bench, dialect, events):
    """The primary alone behind the proxy, which counts what is sent for a batch."""
    from scenarios import fill_queue
    folder = bench.folder / f"stand-in-{dialect}"
    accepted, _ = fill_queue(bench, folder, events)
    with Databases(("primary",)) as databases, StandIn(databases.server) as stand_in:
        url = stand_in.redshift_url("primary") if dialect == "redshift" else stand_in.postgres_url("primary")
        part = land(bench, databases, accepted, folder, {"PRIMARY_WAREHOUSE_URL": url, "SECONDARY_REDSHIFT_ENABLED": "false"})
        stats = stand_in.order("stats", database="primary")
        batches, rows = count_batches(folder / "twinshift.log", "primary")
        part.update({"rows_a_batch": rows / batches, "statements_a_batch": stats["statements"] / batches,
                     "client_messages_a_batch": stats["client_messages"] / batches, "bytes_a_row": stats["client_bytes"] / rows})
        if dialect == "redshift":
            databases.server.psql(f"CREATE TABLE again (LIKE {TABLE} INCLUDING ALL)", "primary")
            run = subprocess.run([str(bench.loader.parent / "bare_insert"), databases.server.url("primary"), TABLE, "again", "50", "20000"],
                                 capture_output=True, text=True, timeout=LAND_SECONDS_MAX, check=False)
            if run.returncode != 0:
                raise BenchError(f"bare_insert: {run.stderr.strip()}")
            part["bare_per_second"] = json.loads(run.stdout)["per_second"]
            part["ratio"] = part["events_per_second"] / part["bare_per_second"]
    bench.forget(folder)
    return part


def redshift(bench):
    return through_stand_in(bench, "redshift", bench.options.landing_events // 2)


def postgres(bench):
    from scenarios import fill_queue
    figures = {}
    for key, names in (("both", ("primary", "secondary")), ("alone", ("primary",))):
        folder = bench.folder / f"wire-{key}"
        accepted, _ = fill_queue(bench, folder, bench.options.landing_events)
        with Databases(names) as databases:
            settings = {"PRIMARY_WAREHOUSE_URL": databases.server.url("primary"), "SECONDARY_REDSHIFT_ENABLED": str(len(names) > 1).lower()}
            if len(names) > 1:
                settings["SECONDARY_WAREHOUSE_URL"] = databases.server.url("secondary")
            part = land(bench, databases, accepted, folder, settings)
            path = databases.copy_out(folder)
            part["copy_per_second"] = databases.copy_in(path, names)
            part["ratio"] = part["events_per_second"] / part["copy_per_second"]
        figures[key] = part
        bench.forget(folder)
    figures["counted"] = through_stand_in(bench, "postgres", bench.options.landing_events // 5)
    return figures
