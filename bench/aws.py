"""The AWS part of the bench: webhook to SQS, and landed on both sides by two Data API lanes, on the tests' stand-ins; beside, in the same run,
the Node baseline on the same stand-ins (--peer FOLDER) and a bare client that sends the same statements again."""

import hashlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

from load import TABLE, Wrk
from processes import BenchError, Child, Meter, free_port

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "standin"))

from aws_servers import DataApi, SqsServer  # noqa: E402
from node import find_node  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

PLACES = {"primary": ("us-east-1", "primary-cluster"), "secondary": ("ap-south-1", "secondary-cluster")}
LAND_SECONDS_MAX = 600
QUIET_RATE = 50
CONNECTIONS = 64
SQS_OPERATIONS = ("SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")


class World:
    """Both databases, both Data APIs, one SQS; everything ends with it."""

    def __init__(self):
        self._undo = []
        self.servers, self.apis, self.number = {}, {}, 0
        self.sqs = self._keep(SqsServer(), "stop")
        for target, place in PLACES.items():
            self.servers[target] = server = self._keep(PostgresServer(), "remove")
            server.start()
            self.apis[target] = self._keep(DataApi(server, ["--cluster", "/".join(place)]), "stop")
            self.apis[target].order("set", check_signatures=False)  # the AWS SDK's side of the work is not what is measured

    def _keep(self, thing, undo):
        self._undo.append(getattr(thing, undo))
        return thing

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self._undo:
            self._undo.pop()()

    def fresh(self):
        """Names of an empty queue and of an empty database on each side."""
        self.number += 1
        name = f"bench{self.number}"
        for server in self.servers.values():
            server.create_database(name)
        return self.sqs.create_queue(name, VisibilityTimeout=120), name

    def settings(self, queue, database, **more):
        values = {**self.apis["primary"].credentials(), "SQS_QUEUE_URL": queue, "TWINSHIFT_DATA_DURABLE": "true", "AWS_REGION": PLACES["primary"][0],
                  "SECONDARY_AWS_REGION": PLACES["secondary"][0], "REDSHIFT_ENDPOINT": self.apis["primary"].url,
                  "SECONDARY_REDSHIFT_ENDPOINT": self.apis["secondary"].url}
        for target, prefix in (("primary", ""), ("secondary", "SECONDARY_")):
            values.update({f"{prefix}REDSHIFT_CLUSTER_IDENTIFIER": PLACES[target][1], f"{prefix}REDSHIFT_DATABASE": database,
                           f"{prefix}REDSHIFT_DB_USER": "admin"})
        return {**values, **more}

    def landed(self, database):
        counts = []
        for server in self.servers.values():
            try:
                counts.append(int(server.psql(f"SELECT count(*) FROM {TABLE}", database)))
            except Exception:  # pylint: disable=broad-except  # the table is not there yet
                counts.append(0)
        return min(counts)

    def wait_landed(self, database, events):
        begin = time.monotonic()
        while (landed := self.landed(database)) < events:
            if time.monotonic() - begin > LAND_SECONDS_MAX:
                raise BenchError(f"only {landed} of {events} events landed within {LAND_SECONDS_MAX} s")
            time.sleep(0.05)
        return time.monotonic() - begin

    def calls(self, database):
        return {target: api.order("stats", database=database)["calls"] for target, api in self.apis.items()}


class Relay:
    """Between the service and a Data API: hands each request on and keeps those that write, for the bare client. One connection a thread."""

    def __init__(self, url):
        relay, self.bodies, self.total, self.upstream = self, [], 0, url.split("//", 1)[1]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.behind = http.client.HTTPConnection(relay.upstream, timeout=120)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                relay.total += 1
                if self.headers["X-Amz-Target"].endswith("BatchExecuteStatement"):
                    relay.bodies.append(body)
                answer, told = self.ask(body)
                self.send_response(answer.status)
                for name in ("Content-Type", "x-amzn-RequestId", "Date"):
                    if answer.getheader(name):
                        self.send_header(name, answer.getheader(name))
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def ask(self, body):
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
                try:
                    self.behind.request("POST", "/", body, headers)
                    answer = self.behind.getresponse()
                except (http.client.RemoteDisconnected, ConnectionError):  # the kept connection has ended meanwhile
                    self.behind.close()
                    self.behind.request("POST", "/", body, headers)
                    answer = self.behind.getresponse()
                return answer, answer.read()

            def finish(self):
                self.behind.close()
                super().finish()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class BareClient(threading.Thread):
    """Sends recorded BatchExecuteStatements again, one after the other, and looks at each once: no signature, no row made."""

    def __init__(self, url, region, bodies):
        super().__init__(daemon=True)
        self.host, self.region, self.failed = url.split("//", 1)[1], region, []
        self.bodies = [re.sub(rb'("ClientToken":")[^"]*"', lambda m, n=n: m[1] + f"again-{n}".encode() + b'"', body) for n, body in enumerate(bodies)]

    def call(self, connection, operation, body):
        connection.request("POST", "/", body, {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RedshiftData.{operation}",
                                               "Authorization": f"AWS4-HMAC-SHA256 Credential=bare/20250101/{self.region}/redshift-data/aws4_request, "
                                                                "SignedHeaders=host, Signature=0"})
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"{}")
        if answer.status != 200:
            raise BenchError(f"the bare client's {operation} was answered with {answer.status}: {told.get('__type')}: {told.get('Message', told.get('message'))}")
        return told

    def run(self):
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            for body in self.bodies:
                statement = self.call(connection, "BatchExecuteStatement", body)["Id"]
                while self.call(connection, "DescribeStatement", json.dumps({"Id": statement, "WaitTimeSeconds": 30}))["Status"] not in ("FINISHED", "FAILED"):
                    pass
        except (BenchError, OSError) as trouble:
            self.failed.append(trouble)
        finally:
            connection.close()


class Baseline(Child):
    """The Node service of FOLDER, as ctl.sh there starts it, on our stand-ins."""

    def __init__(self, folder, work, world, queue, database, **more):
        self.port = free_port()
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
        environment.update({"PORT": str(self.port), "HOST": "127.0.0.1", "LOG_LEVEL": "info", "MODE": "generous", "SQS_ENDPOINT": world.sqs.url,
                            "SQS_QUEUE_NAME": queue.rsplit("/", 1)[1], "REDSHIFT_DB_USER": "admin", **world.apis["primary"].credentials()})
        for target, place in PLACES.items():
            name = f"REDSHIFT_{target.upper()}"
            environment.update({f"{name}_ENDPOINT": world.apis[target].url, f"{name}_CLUSTER": place[1], f"{name}_DATABASE": database})
        environment.update(more)
        super().__init__("baseline", [find_node(), str(pathlib.Path(folder) / "baseline" / "server.mjs")], work, environment)
        self.wait_until_it_answers(self.port, "/health")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/webhook/appsflyer"


def peer_folder(given):
    """A copy with its packages installed, since the folder itself may be read-only."""
    source = pathlib.Path(given)
    if not (source / "baseline" / "server.mjs").exists():
        raise BenchError(f"{source} holds no baseline/server.mjs: --peer wants the folder of the Node baseline")
    if (source / "node_modules").is_dir():
        return source
    mark = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    copy = ROOT / "build" / "bench" / f"peer-{mark}"
    if not (copy / "node_modules").is_dir():
        shutil.copytree(source, copy, dirs_exist_ok=True)
        done = subprocess.run(["npm", "ci", "--silent"], cwd=copy, check=False)
        if done.returncode != 0:
            raise BenchError(f"npm ci failed in {copy}")
    return copy


def rate(bench, url, pid, seconds):
    wrk = Wrk(bench.wrk.corpus)
    wrk.runs = int(time.time()) % 1000
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


def fill(bench, world, queue, database, events, **settings):
    """Events into the queue, the tables made, nothing landing."""
    with bench.service(**world.settings(queue, database, ENABLE_SQS_CONSUMER="false", **settings)) as service:
        post_all(service.port, bench.wrk.corpus, events, database)


def land(bench, world, events, relays=None, **settings):
    queue, database = world.fresh()
    fill(bench, world, queue, database, events, **settings)
    before = world.calls(database)
    with bench.service(**world.settings(queue, database, **(relays or {}), **settings)) as service:
        begin, meter = time.monotonic(), Meter(service.pid)
        world.wait_landed(database, events)
        seconds, read = time.monotonic() - begin, meter.read()
    calls = {t: {op: n - before[t].get(op, 0) for op, n in now.items()} for t, now in world.calls(database).items()}
    return database, {"events": events, "events_per_second": events / seconds, "cpu_us_per_event": read["cpu_seconds"] * 1e6 / events,
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


def sqs_calls(bench, world, events, **settings):
    """Send, receive and delete calls by 1,000 events: counted by the relay between."""
    queue, database = world.fresh()
    front = SqsFrontCount(world)
    with front:
        with bench.service(**world.settings(front.queue_url(queue), database, **settings)) as service:
            post_all(service.port, bench.wrk.corpus, events, database)
            world.wait_landed(database, events)
    return round(1000 * front.total / events, 1)


class SqsFrontCount(Relay):
    """The same relay before SQS, which counts."""

    def __init__(self, world):
        super().__init__(world.sqs.url)

    def queue_url(self, queue):
        return queue.replace(f"http://{self.upstream}", self.url)


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
    few = min(events, 5_000)
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
        ask("sqs_calls_per_1000", lambda: sqs_calls(bench, world, few))
        ask("sqs_calls_per_1000_packed", lambda: sqs_calls(bench, world, few, SQS_EVENTS_PER_MESSAGE="20"))
    ours = figures["landing"]
    ours["ratio_to_bare"] = ours["events_per_second"] / max(1.0, figures["bare"]["events_per_second"])
    if peer:
        ours["ratio_to_node"] = ours["events_per_second"] / figures["node_landing"]["1_loops"]["events_per_second"]
    return figures
