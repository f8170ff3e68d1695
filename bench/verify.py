"""`twinshift verify` of two equal PostgreSQL databases, and with ten differences, beside one aggregate query over the same table in the same run."""

import json
import os
import pathlib
import statistics
import subprocess
import time

from processes import BenchError
from wire import TABLE, Databases, land

VERIFY_SECONDS_MAX = 600
ROUNDS = 3
DIFFERENCES = 10
NAMES = ("primary", "secondary")
AGGREGATE = (f"SELECT date_trunc('hour', event_at), count(*), sum(event_key & 2147483647), sum((event_key >> 31) & 2147483647) "
             f"FROM {TABLE} GROUP BY 1")


def multiply(server, name, rows):
    """Copies of what has landed, each with an id, a key and a time of its own, until there are so many rows; about in order of time, as a table fills."""
    columns = server.psql(f"SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute WHERE attrelid = '{TABLE}'::regclass AND attnum > 0 "
                          f"AND NOT attisdropped AND attname NOT IN ('event_id', 'event_key', 'event_at')", name)
    there = int(server.psql(f"SELECT count(*) FROM {TABLE}", name))
    copies = max(0, rows // there - 1)
    server.psql(f"INSERT INTO {TABLE} (event_id, event_key, event_at, {columns}) SELECT m, (('x' || substr(m, 1, 16))::bit(64)::bigint >> 2) & 4611686018427387903, "
                f"event_at - n * interval '7 hours', {columns} FROM (SELECT e.*, n, md5(e.event_id || n) AS m FROM {TABLE} e, generate_series(1, {copies}) n) r ORDER BY 3", name)
    server.psql(f"VACUUM ANALYZE {TABLE}", name)
    server.psql("CHECKPOINT", name)


def aggregate_seconds(server):
    begin = time.monotonic()
    server.psql(AGGREGATE, NAMES[0])
    return time.monotonic() - begin


def verify_once(bench, folder, settings, expected):
    """Seconds, memory and findings of one command."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    begin = time.monotonic()
    with subprocess.Popen([str(bench.binary), "verify", "--format", "json"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as command:
        answer = json.loads(command.stdout.read())
        _, status, usage = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    if command.returncode != expected:
        raise BenchError(f"verify ended with {command.returncode}, {expected} was expected: {json.dumps(answer)[:400]}")
    return seconds, usage.ru_maxrss / 1024, answer


def spoil(server):
    """Five events less on either side: by key, so that they lie anywhere."""
    for name, order in ((NAMES[0], "ASC"), (NAMES[1], "DESC")):
        server.psql(f"DELETE FROM {TABLE} WHERE event_id IN (SELECT event_id FROM {TABLE} ORDER BY event_key {order} LIMIT {DIFFERENCES // 2})", name)


def rounds(bench, server, folder, settings, expected):
    """Pairs of an aggregate and a verify, one behind the other."""
    ratios, seconds, memory, answer = [], [], 0, {}
    for _ in range(ROUNDS):
        plain = aggregate_seconds(server)
        took, used, answer = verify_once(bench, folder, settings, expected)
        ratios.append(took / plain)
        seconds.append(took)
        memory = max(memory, used)
    return {"ratio": statistics.median(ratios), "seconds": statistics.median(seconds), "memory_peak_mb": memory, "findings": len(answer["findings"]),
            "rows": answer["rows"]["primary"]}


def verify(bench):
    from scenarios import fill_queue
    folder = pathlib.Path(bench.folder) / "verify"
    accepted, _ = fill_queue(bench, folder, bench.options.verify_seed_events)
    with Databases(NAMES) as databases:
        server = databases.server
        settings = {f"{name.upper()}_WAREHOUSE_URL": server.url(name) for name in NAMES}
        settings["SECONDARY_REDSHIFT_ENABLED"] = "true"
        land(bench, databases, accepted, folder, settings)
        for name in NAMES:
            multiply(server, name, bench.options.verify_rows)
        settings["TWINSHIFT_DATA_DIR"] = str(folder / "data")
        figures = {"equal": rounds(bench, server, folder, settings, 0)}
        spoil(server)
        figures["different"] = rounds(bench, server, folder, settings, 1)
        if figures["different"]["findings"] != DIFFERENCES:
            raise BenchError(f"{figures['different']['findings']} of {DIFFERENCES} differences were named")
    figures["more"] = figures["different"]["seconds"] / figures["equal"]["seconds"]
    bench.forget(folder)
    return figures
