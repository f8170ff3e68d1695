"""How fast an empty target is filled from the other one, beside a plain load of as many events from the queue into one target, in the same run."""

import os
import pathlib
import sqlite3
import subprocess
import time

from processes import BenchError
from scenarios import fill_queue
from wire import TABLE, Databases

COMMAND_SECONDS_MAX = 600
TARGETS = ("primary", "secondary")


class Embedded:
    """Both files in one data folder."""

    def __init__(self, folder):
        self.data = pathlib.Path(folder) / "data"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    settings = {}

    def ask(self, target, sql):
        connection = sqlite3.connect(self.data / f"{target}.db", timeout=60)
        with connection:
            rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    def landed(self):
        try:
            return self.ask("primary", f"SELECT coalesce(max(rowid), 0) FROM {TABLE}")[0][0]
        except sqlite3.OperationalError:  # not made yet
            return 0

    def count(self, target):
        return self.ask(target, f"SELECT count(DISTINCT event_id) FROM {TABLE}")[0][0]

    def empty(self):
        self.ask("secondary", f"DELETE FROM {TABLE}")


class Wire(Databases):
    def __init__(self, _folder):
        super().__init__(TARGETS, autovacuum="off")  # it would fall into one of the parts that are compared
        self.settings = {f"{target.upper()}_WAREHOUSE_URL": self.server.url(target) for target in TARGETS}

    def landed(self):
        try:
            return int(self.server.psql("SELECT coalesce(sum(inserted), 0) FROM twinshift_loads", "primary"))
        except Exception:  # not made yet
            return 0

    def count(self, target):
        return int(self.server.psql(f"SELECT count(DISTINCT event_id) FROM {TABLE}", target))

    def empty(self):
        self.server.psql(f"TRUNCATE {TABLE}", "secondary")
        self.server.psql("CHECKPOINT", "secondary")


def plain_load(bench, stores, folder, accepted):
    """Events a second from a full queue into the primary alone."""
    with bench.service(folder, **stores.settings, SECONDARY_REDSHIFT_ENABLED="false") as service:
        end = time.monotonic() + COMMAND_SECONDS_MAX
        while (first := stores.landed()) == 0:
            time.sleep(0.005)
        begin = time.monotonic()
        while (landed := stores.landed()) < accepted:
            if time.monotonic() > end:
                raise BenchError(f"{landed} of {accepted} events landed; the log ends:\n{service.log_tail()}")
            time.sleep(0.02)
        return (landed - first) / (time.monotonic() - begin)


def command(bench, stores, folder, *arguments):
    """Rows a second of one command, from its start to its end, its own comparison at the end included."""
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")}
    environment.update({"TWINSHIFT_DATA_DIR": str(folder / "data"), "SECONDARY_REDSHIFT_ENABLED": "true", **stores.settings})
    begin = time.monotonic()
    done = subprocess.run([str(bench.binary), *arguments, "--apply"], cwd=folder, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
    seconds = time.monotonic() - begin
    if done.returncode != 0:
        raise BenchError(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    rows = stores.count("secondary")
    if rows != stores.count("primary"):
        raise BenchError(f"{' '.join(arguments)}: {rows} rows in the secondary, {stores.count('primary')} in the primary")
    return rows / seconds


def measure(bench, kind, name):
    folder = bench.folder / f"repair-{name}"
    accepted, _ = fill_queue(bench, folder, bench.options.repair_events)
    with kind(folder) as stores:
        plain = plain_load(bench, stores, folder, accepted)
        figures = {"events": accepted, "plain_per_second": plain, "rebuild_per_second": command(bench, stores, folder, "rebuild", "--target", "secondary")}
        stores.empty()
        figures["repair_per_second"] = command(bench, stores, folder, "repair", "--ids-max", "0")
        stores.empty()
        with bench.service(folder, **stores.settings):
            figures["through_service_per_second"] = command(bench, stores, folder, "rebuild", "--target", "secondary")
    bench.forget(folder)
    for each in ("rebuild", "repair", "through_service"):
        figures[f"{each}_ratio"] = figures[f"{each}_per_second"] / plain
    return figures


def repair(bench):
    return {"embedded": measure(bench, Embedded, "embedded"), "postgres": measure(bench, Wire, "postgres")}


