#!/usr/bin/env python3
"""The soak: the real binary between two PostgreSQL servers under a seeded load, while the seed's plan kills and restarts the service, kills and
freezes the secondary, and cuts the network to either side. At the end all is healed; then every event that was answered with 200 must stand
once on both sides, both sides must be equal, and the books must be closed with nothing missing.

    python3 -B tests/integration/soak.py --minutes 10 --seed 7        (TWINSHIFT_BINARY: the program, build/release/twinshift)

The same seed makes the same plan and the same events; how they meet is the machine's. On a failure the data folder and the log stay."""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time

from harness import BINARY, wait_until
from soak_load import Load
from soak_plan import make_plan
from soak_world import World

SETTLE_SECONDS_MAX = 180
BOOKS_SECONDS_MAX = 120
FAULTS_SHOWN_MAX = 10


def say(text):
    print(text, flush=True)


def carry_out(world, plan, seconds):
    """Begins and ends every trouble at its time."""
    begin = time.monotonic()
    moments = sorted([(t.begin, 0, t) for t in plan] + [(t.end, 1, t) for t in plan], key=lambda moment: moment[:2])
    for at, ends, trouble in moments:
        while (left := begin + at - time.monotonic()) > 0:
            world.check_alive()
            time.sleep(min(left, 0.5))
        if ends:
            world.end(trouble)
        else:
            say(str(trouble))
            world.begin(trouble)
    while time.monotonic() < begin + seconds:
        world.check_alive()
        time.sleep(0.1)


def faults_of(world, load):
    """What is wrong with the two tables, in words."""
    faults = []
    sides = {target: world.landed(target) for target in ("primary", "secondary")}
    for target, landed in sides.items():
        lost = sorted(load.acknowledged - landed.keys())
        doubled = sorted(name for name, count in landed.items() if count != 1)
        strange = sorted(landed.keys() - load.acknowledged - load.doubtful)
        for what, names in (("answered with 200 and not there", lost), ("more than once", doubled), ("never sent", strange)):
            if names:
                faults.append(f"{target}: {len(names)} {what}: {', '.join(names[:FAULTS_SHOWN_MAX])}")
    apart = sorted(sides["primary"].keys() ^ sides["secondary"].keys())
    if apart:
        faults.append(f"{len(apart)} on one side alone: {', '.join(apart[:FAULTS_SHOWN_MAX])}")
    digests = {target: world.digest(target) for target in sides}
    if digests["primary"] != digests["secondary"]:
        faults.append(f"the digests differ: {digests}")
    columns = {target: world.columns(target) for target in sides}
    differing = sorted(name for name, digest in columns["primary"].items() if columns["secondary"].get(name) != digest)
    if differing:
        faults.append(f"columns differ in some row: {', '.join(differing)}")
    return faults, digests["primary"]


def count_books(world):
    """Exit code and lines of `twinshift books`, counted anew by the running service."""
    environment = {**{k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k.endswith("SAN_OPTIONS")}, **world.service.environment}
    done = subprocess.run([os.path.abspath(BINARY), "books", "--format", "json"], cwd=world.folder, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=BOOKS_SECONDS_MAX, check=False)
    if done.returncode not in (0, 1, 3):  # 1: a target could not be counted just now
        raise AssertionError(f"twinshift books ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.returncode, json.loads(done.stdout), done.stderr.strip()


def closed(code, lines):
    return code == 0 and bool(lines) and all(line["state"] == "closed" and int(line["residual"]) == 0 for line in lines)


def faults_of_books(world):
    last = []

    def look():
        last[:] = [count_books(world)]
        return closed(*last[0][:2])
    try:
        wait_until(look, "closed books", BOOKS_SECONDS_MAX)
    except AssertionError:
        code, lines, verdict = last[0]
        return [f"twinshift books: exit code {code}; {verdict}; {json.dumps(lines)}"], verdict
    return [], last[0][2]


def soak(world, seed, seconds):
    plan = make_plan(seed, seconds)
    world.load = Load(seed, world.current)
    world.start_service()
    world.load.start()
    try:
        carry_out(world, plan, seconds)
    finally:
        world.load.stop()
    load = world.load
    say(f"sent: {len(load.acknowledged)} events answered with 200, {len(load.doubtful - load.acknowledged)} without; {load.resent} sent again; answers {load.statuses}")
    settled = world.wait_settled(SETTLE_SECONDS_MAX)
    say(f"settled {settled:.1f} s after the last; {len(plan)} troubles, {len(world.services)} starts of the service")
    faults, digest = faults_of(world, load)
    more, verdict = faults_of_books(world)
    say(f"both sides: {digest}\nbooks: {verdict}")
    return faults + more


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="how long the load lasts (default 10)")
    parser.add_argument("--seed", type=int, default=None, help="default: a random one, which is printed")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    say(f"soak: seed {seed}, {options.minutes:g} minutes")
    world = World()
    faults = []
    try:
        faults = soak(world, seed, options.minutes * 60)
    except AssertionError as error:
        faults = [str(error)]
    finally:
        world.close()
        if faults:
            world.keep_logs()
        if not faults:
            shutil.rmtree(world.folder, ignore_errors=True)
    for fault in faults:
        say(f"FAULT: {fault}")
    again = f"python3 -B tests/integration/soak.py --minutes {options.minutes:g} --seed {seed}"
    say(f"soak: FAILED; the data folder and the logs are in {world.folder}; again: {again}" if faults else f"soak: passed (seed {seed})")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
