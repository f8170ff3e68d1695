#!/usr/bin/env python3
"""The whole-service bench: what is asked and how is in bench/README.md. Everything runs on 127.0.0.1 in a temporary folder that is removed."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile
import time

import aws
import cost
import cost_table
import isolation
import repair
import report
import scenarios
import trace
import verify
import viewers
import wire
from load import Wrk, make_corpus
from processes import BenchError

ROOT = pathlib.Path(__file__).resolve().parents[1]
PARTS = {"intake": scenarios.intake, "landing": scenarios.landing, "steady": scenarios.steady, "quiet": scenarios.quiet, "deep": scenarios.deep_queue,
         "postgres": wire.postgres, "redshift": wire.redshift, "aws": aws.aws,
         "isolation": isolation.isolation, "verify": verify.verify, "repair": repair.repair, "viewers": viewers.viewers, "trace": trace.trace,
         "cost": cost.cost}
ONLY_WHEN_ASKED = ("deep", "aws", "isolation", "verify", "repair", "viewers", "trace", "cost")


def rates(text):
    found = tuple(int(word) for word in text.split(","))
    if not found or min(found) < 1:
        raise ValueError(text)
    return found


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="the same as --only PART")
    parser.add_argument("--peer", help="aws, cost: the folder of the Node baseline, to be measured beside")
    parser.add_argument("--only", action="append", choices=PARTS, help="ask only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="short measurements, to see that everything works; no figures to quote")
    parser.add_argument("--long", action="store_true", help="also the memory with 1,000,000 events waiting (minutes, about 12 GB of disk)")
    parser.add_argument("--seconds", type=int, default=10, help="length of one intake measurement (default 10)")
    parser.add_argument("--steady-rate", type=int, default=6000, help="events a second (default 6000)")
    parser.add_argument("--cost-events", type=int, help="cost: events in a burst (default 20000)")
    parser.add_argument("--cost-rates", type=rates, default=(5, 100), metavar="N,N", help="cost: events a second of steady traffic (default 5,100)")
    parser.add_argument("--cost-seconds", type=int, help="cost: how long each of them lasts, and the time without events (default 60)")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build" / "bench" / "result.json", help="where the figures go as JSON")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "twinshift")
    parser.add_argument("--loader", type=pathlib.Path, default=ROOT / "build" / "bench" / "bare_loader")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting for the service; may be repeated")
    options = parser.parse_args()
    options.settings = [tuple(pair.split("=", 1)) for pair in options.set]
    if any(len(pair) != 2 for pair in options.settings):
        parser.error("--set wants NAME=VALUE")
    options.landing_events, options.deep_events = 100_000, 1_000_000
    options.steady_seconds, options.idle_seconds, options.quiet_seconds = 30, 20, 10
    if options.quick:
        options.seconds, options.landing_events, options.deep_events = 3, 20_000, 50_000
        options.steady_seconds, options.idle_seconds, options.quiet_seconds = 5, 4, 3
    options.aws_events, options.node_events = (3_000, 100) if options.quick else (20_000, 400)
    options.isolation_rounds, options.isolation_seconds, options.owed_events = (1, 2, 40_000) if options.quick else (5, 3, 70_000)
    options.viewers_rounds, options.viewers_seconds = (2, 3) if options.quick else (9, 5)
    options.cost_events = options.cost_events or (2_000 if options.quick else 20_000)
    options.cost_seconds = options.cost_seconds or (5 if options.quick else 60)
    options.trace_events = 20_000 if options.quick else 1_000_000
    options.repair_events = 20_000 if options.quick else 250_000
    options.verify_seed_events, options.verify_rows = (5_000, 50_000) if options.quick else (20_000, 1_000_000)
    options.only = options.only or ([options.part] if options.part else None)
    options.parts = options.only or [name for name in PARTS if name not in ONLY_WHEN_ASKED or options.long]
    return options


def check_tools(options):
    for tool in ("wrk", "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"):
        if not shutil.which(tool):
            raise BenchError(f"{tool} is missing; ./dev setup bench installs it")
    for path, remedy in ((options.binary, "./dev build"), (options.loader, "./dev bench builds it")):
        if not path.exists():
            raise BenchError(f"{path} is missing: {remedy}")


def machine():
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def measure(options, folder):
    corpus = folder / "events.jsonl"
    figures = {"machine": machine(), "corpus": make_corpus(options.binary.resolve(), corpus)}
    bench = scenarios.Bench(options.binary.resolve(), options.loader.resolve(), folder, Wrk(corpus), options)
    for name in options.parts:
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        begin = time.monotonic()
        try:
            figures[name] = PARTS[name](bench)
            if name == "intake" and os.environ.get("TWINSHIFT_BENCH_NODE"):
                figures["node"] = scenarios.node_peer(bench, os.environ["TWINSHIFT_BENCH_NODE"])
        except BenchError as error:
            print(f"bench: {name}: {error}", file=sys.stderr)
            figures.setdefault(name, {"failed": str(error)})
        print(f"bench: {name} took {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return figures


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))  # so that `with` ends the processes
    folder = pathlib.Path(tempfile.mkdtemp(prefix="twinshift-bench-"))
    try:
        check_tools(options)
        figures = measure(options, folder)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if set(options.parts) != {"cost"}:  # which has a table of its own
        print(report.table(figures))
    if "cost" in figures:
        print(cost_table.table(figures["cost"]))
    print(json.dumps(figures, separators=(",", ":")))
    print(f"bench: the figures as JSON: {options.json}", file=sys.stderr)
    return 1 if any(isinstance(v, dict) and "failed" in v for v in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
