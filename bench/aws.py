"""The AWS part of the bench: webhook to SQS, and landed on both sides by two Data API lanes, on the tests' stand-ins; beside, in the same run,
the Node baseline on the same stand-ins (--peer FOLDER) and a bare client that sends the same statements again."""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from aws_world import PLACES, BareClient, Baseline, Relay, SqsFrontCount, World, find_node, peer_folder
from load import TABLE, Wrk
from processes import BenchError, Meter

QUIET_RATE = 50
CONNECTIONS = 64


def wrk_of(bench):
    """Its events repeat none that went before, in whichever database."""
    wrk = Wrk(bench.wrk.corpus)
    wrk.runs = int(time.time()) % 1000
    return wrk


def rate(bench, url, pid, seconds):
    wrk = wrk_of(bench)
    wrk.run(url, CONNECTIONS, 2)
    meter = Meter(pid)
    result = wrk.run(url, CONNECTIONS, seconds)
    read = meter.read()
    return {**result, "cpu_us_per_request": read["cpu_seconds"] * 1e6 / max(1, result["accepted"]), "foreign_share": read["foreign_share"]}


def to_sqs(bench, world, peer):
    """Webhook to SQS, nothing consumed: 64 connections in a closed loop, ours and the Node baseline on the same stand-in."""
    queue, database = world.fresh()
    with bench.service(**world.settings(queue, database, ENABLE_SQS_CONSUMER="false")) as service:
        figures = {"twinshift": rate(bench, service.url, service.pid, bench.options.seconds)}
    world.sqs.call("PurgeQueue", QueueUrl=queue)
    if peer:
        work = bench.folder / "baseline-sqs"
        work.mkdir()
        with Baseline(peer, work, world, queue, database, CONSUMER="off", ACK="sqs") as baseline:
            figures["node"] = rate(bench, baseline.url, baseline.pid, bench.options.seconds)
        world.sqs.call("PurgeQueue", QueueUrl=queue)
        figures["ratio"] = figures["twinshift"]["requests_per_second"] / max(1.0, figures["node"]["requests_per_second"])
        figures["cpu_ratio"] = figures["twinshift"]["cpu_us_per_request"] / max(0.1, figures["node"]["cpu_us_per_request"])
    return figures


def post_all(port, corpus, events, serial):
    """By 16 connections, each event with a serial number of its own."""
    lines = corpus.read_text(encoding="utf-8").splitlines()

    def send(first):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(first, events, 16):
            event = json.loads(lines[number % len(lines)])
            event["customer_user_id"] = f"{serial}-{number}"
            connection.request("POST", "/webhook/appsflyer", json.dumps(event), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise BenchError(f"an event was answered with {answer.status}")
        connection.close()

    threads = [threading.Thread(target=send, args=(first,)) for first in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_tables(bench, world, queue, database):
    environment = {**{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}, **world.settings(queue, database)}
    for target in PLACES:
        done = subprocess.run([str(bench.binary), "schema", "--target", target, "--apply"], env=environment, cwd=bench.folder, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"twinshift schema --apply failed: {done.stderr[-500:]}")


def fill(bench, world, queue, database, events, **settings):
    """Events into the queue, the tables made, nothing landing."""
    make_tables(bench, world, queue, database)
    with bench.service(**world.settings(queue, database, ENABLE_SQS_CONSUMER="false", **settings)) as service:
        post_all(service.port, bench.wrk.corpus, events, database)


def land(bench, world, events, relays=None, **settings):
    queue, database = world.fresh()
    fill(bench, world, queue, database, events, **settings)
    before = world.calls(database)
    with bench.service(**world.settings(queue, database, **(relays or {}), **settings)) as service:
        world.wait_landed(database, 1)  # connected, and the tables read: that is once a start
        first, begin, meter = world.landed(database), time.monotonic(), Meter(service.pid)
        world.wait_landed(database, events)
        seconds, read = time.monotonic() - begin, meter.read()
    calls = {t: {op: n - before[t].get(op, 0) for op, n in now.items()} for t, now in world.calls(database).items()}
    return database, {"events": events, "events_per_second": (events - first) / seconds, "cpu_us_per_event": read["cpu_seconds"] * 1e6 / (events - first),
                      "data_api_calls_per_1000": {t: round(1000 * sum(ops.values()) / events, 2) for t, ops in calls.items()}, "data_api_calls": calls}


def bare(bench, world, events):
    """The same statements again, by a client that only sends them: into the same tables, emptied."""
    relays = {target: Relay(api.url) for target, api in world.apis.items()}
    with relays["primary"], relays["secondary"]:
        database, _ = land(bench, world, events, {"REDSHIFT_ENDPOINT": relays["primary"].url, "SECONDARY_REDSHIFT_ENDPOINT": relays["secondary"].url})
    for server in world.servers.values():
        server.psql(f"TRUNCATE {TABLE}, twinshift_loads", database)
    clients = [BareClient(world.apis[t].url, PLACES[t][0], [b for b in relay.bodies if b"INSERT" in b]) for t, relay in relays.items()]
    begin = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
        if client.failed:
            raise client.failed[0]
    seconds = time.monotonic() - begin
    if (landed := world.landed(database)) != events:
        raise BenchError(f"the bare client landed {landed} of {events} events")
    return {"events_per_second": events / seconds, "statements": sum(len(c.bodies) for c in clients)}


def node_lands(bench, world, peer, loops, events):
    queue, database = world.fresh()
    ddl = subprocess.run([find_node(), "-e", "import('./baseline/columns.mjs').then((m) => console.log(m.postgresDdl()))"], cwd=peer, capture_output=True,
                         text=True, check=True).stdout
    functions = (pathlib.Path(peer) / "stubs" / "functions.sql").read_text(encoding="utf-8")
    for server in world.servers.values():
        server.psql(functions + ddl, database)
    work = bench.folder / f"baseline-{loops}"
    work.mkdir()
    with Baseline(peer, work, world, queue, database, CONSUMER_LOOPS=str(loops)) as baseline:
        begin, meter = time.monotonic(), Meter(baseline.pid)
        post_all(baseline.port, bench.wrk.corpus, events, database)
        world.wait_landed(database, events)
        seconds, read = time.monotonic() - begin, meter.read()
    return {"events_per_second": events / seconds, "cpu_us_per_event": read["cpu_seconds"] * 1e6 / events}


def sqs_calls(bench, world, **settings):
    """Calls by 1,000 events at full load, counted by a relay: a flood of posts first, then everything taken and landed."""
    queue, database = world.fresh()
    make_tables(bench, world, queue, database)
    with SqsFrontCount(world) as front:
        with bench.service(**world.settings(front.queue_url(queue), database, ENABLE_SQS_CONSUMER="false", **settings)) as service:
            events = wrk_of(bench).run(service.url, CONNECTIONS, 2)["accepted"]
        sent = front.total
        with bench.service(**world.settings(front.queue_url(queue), database, **settings)):
            world.wait_landed(database, events)
        taken = front.total - sent
    return {"events": events, "send": round(1000 * sent / events, 1), "receive_and_delete": round(1000 * taken / events, 1),
            "all": round(1000 * (sent + taken) / events, 1)}


def quiet(bench, world):
    """50 events a second for a while: time until landed, and Data API calls a second to each target."""
    queue, database = world.fresh()
    seconds = bench.options.quiet_seconds
    with bench.service(**world.settings(queue, database)) as service:
        post_all(service.port, bench.wrk.corpus, 1, f"{database}-warm")
        world.wait_landed(database, 1)
        before, begin = world.calls(database), time.monotonic()
        latencies = []
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        for number in range(seconds * QUIET_RATE):
            time.sleep(max(0.0, begin + number / QUIET_RATE - time.monotonic()))
            event = {"appsflyer_id": f"quiet-{number}", "event_name": "bench", "event_time": "2025-06-01 00:00:00"}
            connection.request("POST", "/webhook/appsflyer", json.dumps(event), {"Content-Type": "application/json"})
            connection.getresponse().read()
            if number % QUIET_RATE == 0:
                latencies.append(world.wait_landed(database, number + 2))
        latencies.append(world.wait_landed(database, seconds * QUIET_RATE + 1))
        passed = time.monotonic() - begin
        calls = {t: (sum(now.values()) - sum(before[t].values())) / passed for t, now in world.calls(database).items()}
    return {"landed_within_seconds_max": round(max(latencies), 2), "data_api_calls_per_second": {t: round(n, 2) for t, n in calls.items()}}


def aws(bench):
    peer = peer_folder(bench.options.peer) if bench.options.peer else None
    events = bench.options.aws_events
    figures = {}

    def ask(name, measure):
        begin = time.monotonic()
        figures[name] = measure()
        print(f"bench: aws: {name} took {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)

    with World() as world:
        ask("to_sqs", lambda: to_sqs(bench, world, peer))
        ask("landing", lambda: land(bench, world, events)[1])
        ask("bare", lambda: bare(bench, world, events))
        if peer:
            ask("node_landing", lambda: {f"{loops}_loops": node_lands(bench, world, peer, loops, bench.options.node_events) for loops in (1, 8)})
        ask("quiet", lambda: quiet(bench, world))
        ask("sqs_calls_per_1000", lambda: sqs_calls(bench, world))
        ask("sqs_calls_per_1000_packed", lambda: sqs_calls(bench, world, SQS_EVENTS_PER_MESSAGE="20"))
    ours = figures["landing"]
    ours["ratio_to_bare"] = ours["events_per_second"] / max(1.0, figures["bare"]["events_per_second"])
    if peer:
        ours["ratio_to_node"] = ours["events_per_second"] / figures["node_landing"]["1_loops"]["events_per_second"]
    return figures
