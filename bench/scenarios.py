"""The questions the bench asks, one function each. Each starts its own service in its own folder and returns plain figures."""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

from load import TABLE, Prober, Warehouses
from processes import BenchError, Child, Meter, Nginx, Twinshift, cpu_seconds_fine, free_port, memory_peak_mb

WARM_UP_SECONDS = 2
LAND_SECONDS_MAX = 600


class Bench:
    """What all scenarios share."""

    def __init__(self, binary, loader, folder, wrk, options):
        self.binary, self.loader, self.folder, self.wrk, self.options = binary, loader, pathlib.Path(folder), wrk, options
        self.names = 0

    def service(self, folder=None, **settings):
        if folder is None:
            self.names += 1
            folder = self.folder / f"service{self.names}"
        return Twinshift(self.binary, folder, {**dict(self.options.settings), **settings})

    def forget(self, folder):
        shutil.rmtree(folder, ignore_errors=True)


def per_request_us(meter, accepted):
    return meter["cpu_seconds"] * 1e6 / max(1, accepted)


def measure_intake(bench, url, pid, connections, seconds):
    bench.wrk.run(url, connections, WARM_UP_SECONDS)
    meter = Meter(pid)
    result = bench.wrk.run(url, connections, seconds)
    read = meter.read()
    return {**result, "cpu_us_per_request": per_request_us(read, result["accepted"]), "foreign_share": read["foreign_share"]}


def intake(bench):
    """Accepted requests a second, nothing landing, beside nginx answering 200 to the same requests. Each pair runs back to back."""
    figures = {}
    with Nginx(bench.folder) as nginx, bench.service(ENABLE_SQS_CONSUMER="false") as service:
        for connections in (64, 512):
            ceiling = measure_intake(bench, nginx.url, nginx.worker_pid, connections, bench.options.seconds)
            ours = measure_intake(bench, service.url, service.pid, connections, bench.options.seconds)
            figures[f"{connections}_connections"] = {
                "twinshift": ours, "nginx": ceiling,
                "ratio": ours["requests_per_second"] / max(1.0, ceiling["requests_per_second"]),
                "cpu_ratio": ours["cpu_us_per_request"] / max(0.1, ceiling["cpu_us_per_request"]),
            }
        figures["memory_peak_mb"] = memory_peak_mb(service.pid)
    bench.forget(service.folder)
    return figures


def node_peer(bench, baseline):
    """The Node service that stores nothing (ACK=none), in the same run. Only where a folder with it is named."""
    folder = pathlib.Path(baseline).resolve()
    if not (folder / "node_modules").is_dir():
        raise BenchError(f"{folder} has no node_modules; run `npm ci` there first")
    port = free_port()
    environment = dict(os.environ, PORT=str(port), ACK="none", CONSUMER="off", LOG_LEVEL="info")
    log_folder = bench.folder / "node"
    log_folder.mkdir()
    with Child("node", ["node", str(folder / "baseline" / "server.mjs")], log_folder, environment) as node:
        node.wait_until_it_answers(port, "/health")
        return measure_intake(bench, f"http://127.0.0.1:{port}/webhook/appsflyer", node.pid, 64, bench.options.seconds)


def fill_queue(bench, folder, events):
    """Accepts at least `events` with the consumer off, and stops the service: a full queue on disk."""
    accepted = 0
    with bench.service(folder, ENABLE_SQS_CONSUMER="false") as service:
        begin = time.monotonic()
        while accepted < events:
            rate = accepted / max(0.1, time.monotonic() - begin) if accepted else 20_000
            seconds = max(1, min(60, int((events - accepted) / max(1.0, rate))))
            result = bench.wrk.run(service.url, 64, seconds)
            if result["accepted"] == 0:
                raise BenchError(f"the service accepted nothing; its log ends:\n{service.log_tail()}")
            accepted += result["accepted"]
            if result["refused"]:
                break  # the queue's bound: enough
        memory = memory_peak_mb(service.pid)
    if service.process.returncode != 0:
        raise BenchError(f"the service ended with {service.process.returncode} on SIGTERM; its log ends:\n{service.log_tail()}")
    return accepted, memory


def check_once(warehouses, accepted):
    """Every accepted event, once, on both sides; a bench that lost events has measured nothing."""
    faults = []
    for target in warehouses.paths:
        rows, distinct = warehouses.count(target)
        # wrk gives up on the requests under way when its time ends; the service keeps those (as it must).
        if rows < accepted or rows != distinct:
            faults.append(f"{target}: {rows} rows, {distinct} distinct, {accepted} accepted")
    if faults:
        raise BenchError("events are missing or doubled: " + "; ".join(faults))


def landing(bench):
    """Events a second landed on both sides from a full queue, beside a bare loader of the same rows into the same tables."""
    folder = bench.folder / "landing"
    accepted, _ = fill_queue(bench, folder, bench.options.landing_events)
    # CPU is read from the process's start, so it holds the start-up too: a few hundredths of a second.
    with bench.service(folder) as service:
        warehouses = Warehouses(service.data)
        # The clock starts at the first rows, so that start-up does not count; those rows do not count either.
        wait_for_first_rows(warehouses, service)
        first = warehouses.landed_in_both()
        meter = Meter(service.pid)
        seconds, landed = warehouses.wait_for(accepted, LAND_SECONDS_MAX)
        read = meter.read()
        memory = memory_peak_mb(service.pid)
        if landed < accepted:
            raise BenchError(f"{landed} of {accepted} events landed within {LAND_SECONDS_MAX} s; the log ends:\n{service.log_tail()}")
        check_once(warehouses, accepted)
        warehouses.close()
    rate = (landed - first) / max(seconds, 1e-3)
    ceiling = bare_loader(bench, folder / "data" / "primary.db", accepted)
    bench.forget(folder)
    return {
        "events": accepted, "events_per_second": rate, "cpu_seconds_per_100k": read["cpu_seconds"] * 1e5 / max(1, landed - first),
        "memory_peak_mb": memory, "foreign_share": read["foreign_share"], "bare_loader": ceiling,
        "ratio": rate / max(1.0, ceiling["both_per_second"]),
    }


def wait_for_first_rows(warehouses, service):
    end = time.monotonic() + LAND_SECONDS_MAX
    while warehouses.landed_in_both() == 0:
        if time.monotonic() > end:
            raise BenchError(f"nothing landed within {LAND_SECONDS_MAX} s; the log ends:\n{service.log_tail()}")
        time.sleep(0.005)


def bare_loader(bench, source, rows):
    out = bench.folder / "bare"
    out.mkdir(exist_ok=True)
    run = subprocess.run([str(bench.loader), str(source), TABLE, str(rows), str(out)], capture_output=True, text=True, timeout=LAND_SECONDS_MAX, check=False)
    bench.forget(out)
    if run.returncode != 0:
        raise BenchError(f"bare_loader: {run.stderr.strip()}")
    return json.loads(run.stdout)


def steady(bench):
    """A fixed rate in and out at once: does the queue stay flat, and how long is the way from POST to both sides?"""
    rate, seconds = bench.options.steady_rate, bench.options.steady_seconds
    with bench.service() as service:
        warehouses, looking = Warehouses(service.data), Warehouses(service.data)
        wrk = bench.wrk.start(service.url, 64, seconds, rate)
        prober = Prober(service.port, warehouses, rate=20, seconds=max(2, seconds - 2), mark="steady-probe-")
        latency = {}
        watcher = threading.Thread(target=lambda: latency.update(prober.run()), daemon=True)
        meter, begin = Meter(service.pid), time.monotonic()
        watcher.start()
        result = bench.wrk.result(wrk, seconds)
        read = meter.read()
        at_end = looking.landed_in_both()
        elapsed = time.monotonic() - begin
        behind = result["accepted"] + len(prober.sent) - at_end
        drain_seconds, _ = looking.wait_for(result["accepted"], LAND_SECONDS_MAX)
        watcher.join(seconds + 60)
        memory = memory_peak_mb(service.pid)
        check_once(looking, result["accepted"])
        for side in (warehouses, looking):
            side.close()
    bench.forget(service.folder)
    return {
        "rate_asked": rate, "accepted_per_second": result["requests_per_second"], "landed_per_second": at_end / elapsed, "behind_at_end": behind,
        "drain_seconds": drain_seconds, "refused": result["refused"], "latency": latency, "memory_peak_mb": memory,
        "cpu_cores": read["cpu_seconds"] / read["seconds"], "cpu_seconds_per_100k": read["cpu_seconds"] * 1e5 / max(1, at_end),
        "foreign_share": read["foreign_share"],
    }


def quiet(bench):
    """Idle CPU, then latency at 50 events a second."""
    with bench.service() as service:
        time.sleep(2)  # start-up work is over
        begin, seconds = cpu_seconds_fine(service.pid), bench.options.idle_seconds
        time.sleep(seconds)
        idle = (cpu_seconds_fine(service.pid) - begin) / seconds
        warehouses = Warehouses(service.data)
        latency = Prober(service.port, warehouses, rate=50, seconds=bench.options.quiet_seconds, mark="quiet-probe-").run()
        warehouses.close()
    bench.forget(service.folder)
    return {"idle_cpu_percent": idle * 100, "latency_at_50_per_second": latency}


def deep_queue(bench):
    """Memory at full load, intake and landing at once, with a long queue behind it."""
    events, folder = bench.options.deep_events, bench.folder / "deep"
    free = shutil.disk_usage(bench.folder).free
    needed = events * 12_000
    if free < needed:
        raise BenchError(f"{events} waiting events want {needed >> 20} MB free in {bench.folder}, {free >> 20} MB are; set TMPDIR to a larger disk")
    accepted, filling = fill_queue(bench, folder, events)
    with bench.service(folder) as service:
        result = bench.wrk.run(service.url, 512, bench.options.seconds)
        memory = memory_peak_mb(service.pid)
        warehouses = Warehouses(service.data)
        landed = warehouses.landed_in_both()
        warehouses.close()
    bench.forget(folder)
    return {"waiting": accepted, "memory_peak_mb": memory, "memory_while_filling_mb": filling, "requests_per_second": result["requests_per_second"], "landed": landed}
