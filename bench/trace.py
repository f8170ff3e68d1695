"""How long `twinshift trace` takes with many events behind it, in the embedded stores: the command from its start to its end, through the service right after
a restart, and without one."""

import os
import sqlite3
import subprocess
import time

from processes import BenchError
from repair import TARGETS, Embedded
from scenarios import LAND_SECONDS_MAX, fill_queue
from wire import TABLE

ASKED = 21
COMMAND_SECONDS_MAX = 60


def land(bench, folder, events):
    stores = Embedded(folder)
    with bench.service(folder) as service:
        end = time.monotonic() + LAND_SECONDS_MAX + events / 1_000
        while True:
            try:
                if min(stores.ask(target, f"SELECT coalesce(max(rowid), 0) FROM {TABLE}")[0][0] for target in TARGETS) >= events:
                    return
            except sqlite3.OperationalError:  # not made yet
                pass
            if time.monotonic() > end:
                raise BenchError(f"{events} events did not land; the log ends:\n{service.log_tail()}")
            time.sleep(0.5)


def some_ids(folder):
    stores = Embedded(folder)
    most = stores.landed()
    return [stores.ask("primary", f"SELECT event_id FROM {TABLE} WHERE rowid = {1 + i * (most - 1) // (ASKED - 1)}")[0][0] for i in range(ASKED)]


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
