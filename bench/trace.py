"""How long `twinshift trace` takes with many events behind it, in the embedded stores: the command from its start to its end, through the service right after
a restart, and without one."""

import os
import sqlite3
import subprocess
import time

from processes import BenchError
from scenarios import LAND_SECONDS_MAX, fill_queue
from wire import TABLE

ASKED = 21
COMMAND_SECONDS_MAX = 60


def landed(folder, target):
    connection = sqlite3.connect(folder / "data" / f"{target}.db", timeout=60)
    with connection:
        rows = connection.execute(f"SELECT coalesce(max(rowid), 0) FROM {TABLE}").fetchone()[0]
    connection.close()
    return rows


def land(bench, folder, events):
    with bench.service(folder) as service:
        end = time.monotonic() + LAND_SECONDS_MAX + events / 1_000
        while True:
            try:
                if min(landed(folder, target) for target in ("primary", "secondary")) >= events:
                    return
            except sqlite3.OperationalError:  # not made yet
                pass
            if time.monotonic() > end:
                raise BenchError(f"{events} events did not land; the log ends:\n{service.log_tail()}")
            time.sleep(0.5)


def some_ids(folder):
    connection = sqlite3.connect(folder / "data" / "primary.db", timeout=60)
    with connection:
        most = connection.execute(f"SELECT max(rowid) FROM {TABLE}").fetchone()[0]
        ids = [connection.execute(f"SELECT event_id FROM {TABLE} WHERE rowid = ?", (1 + i * (most - 1) // (ASKED - 1),)).fetchone()[0] for i in range(ASKED)]
    connection.close()
    return ids


def ask(bench, folder, ids):
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")} | {"TWINSHIFT_DATA_DIR": str(folder / "data")}
    times = []
    for each in ids:
        begin = time.monotonic()
        done = subprocess.run([str(bench.binary), "trace", each], cwd=folder, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
        times.append(1_000 * (time.monotonic() - begin))
        if done.returncode != 0:
            raise BenchError(f"trace {each}: exit code {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    return {"first_ms": times[0], "median_ms": sorted(times)[len(times) // 2], "worst_ms": max(times)}


def trace(bench):
    folder = bench.folder / "trace"
    accepted, _ = fill_queue(bench, folder, bench.options.trace_events)
    land(bench, folder, accepted)
    ids = some_ids(folder)
    figures = {"events": accepted, "without_service": ask(bench, folder, ids)}
    with bench.service(folder):
        figures["through_service"] = ask(bench, folder, ids)
    bench.forget(folder)
    return figures
