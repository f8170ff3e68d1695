"""What the cost part of the bench runs on: relays that count calls and bytes, the wire proxy before each database, and one snapshot of all counts."""

import collections
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading

from aws import make_tables
from aws_world import Baseline, Relay, World, find_node
from load import TARGETS
from processes import BenchError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "standin"))
from with_servers import StandIn  # noqa: E402

SEND_SECONDS_MAX = 600
BILLED_BYTES = 64 * 1024  # SQS bills each begun piece of this size as a request


class CountingRelay(Relay):
    """Calls by operation, SQL statements in them, and the bytes of bodies both ways (without HTTP's headers). Any thread."""

    def __init__(self, url):
        self._lock = threading.Lock()
        self.calls, self.statements, self.bytes, self.pieces_more = collections.Counter(), 0, 0, 0
        super().__init__(url)

    def note_asked(self, target, body):
        operation = target.replace("AmazonSQS", "sqs").replace("RedshiftData", "redshift-data")
        statements = 0
        if operation.endswith("ExecuteStatement"):
            given = json.loads(body)
            statements = len(given["Sqls"]) if "Sqls" in given else 1
        with self._lock:
            self.calls[operation] += 1
            self.statements += statements
            self._add_bytes(len(body))

    def note_told(self, told):
        with self._lock:
            self._add_bytes(len(told))

    def _add_bytes(self, size):
        self.bytes += size
        self.pieces_more += max(0, (size - 1) // BILLED_BYTES)

    def read(self):
        with self._lock:
            return dict(self.calls), self.statements, self.bytes


class Counts(collections.Counter):
    """calls.OPERATION, sqs_requests_billed, statements, queue_bytes, warehouse_bytes, log_bytes, inserts (lines of the log that say so)."""

    def since(self, before):
        return {name: self[name] - before[name] for name in sorted(self) if self[name] != before[name]}


class CostWorld:
    """The AWS stand-ins with a relay before each, and the wire proxy before each database; everything ends with it."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self.past_relays = collections.Counter()  # calls of commands that were not led through a relay
        try:
            self.aws = self._stack.enter_context(World())
            self.proxies = {target: self._stack.enter_context(StandIn(server)) for target, server in self.aws.servers.items()}
            self.sqs = self._stack.enter_context(CountingRelay(self.aws.sqs.url))
            self.data_apis = {target: self._stack.enter_context(CountingRelay(api.url)) for target, api in self.aws.apis.items()}
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def snapshot(self, database, log_path, queue=True):
        """Everything counted until now. `queue`: whether SQS is in use."""
        counts = Counts()
        for relay in self.data_apis.values():
            calls, statements, size = relay.read()
            counts["statements"] += statements
            counts["warehouse_bytes"] += size
            for name, number in calls.items():
                counts[f"calls.{name}"] += number
        for proxy in self.proxies.values():
            told = proxy.order("stats", database=database)
            counts["statements"] += told["statements"]
            counts["warehouse_bytes"] += told["client_bytes"] + told["server_bytes"]
        if queue:
            calls, _, counts["queue_bytes"] = self.sqs.read()
            counts["sqs_requests_billed"] = sum(calls.values()) + self.sqs.pieces_more
            for name, number in calls.items():
                counts[f"calls.{name}"] += number
        log = pathlib.Path(log_path).read_bytes()
        counts["log_bytes"] = len(log)
        counts["inserts"] = log.count(b"Data successfully inserted into ") + log.count(b'"msg":"row inserted"')
        return counts

    def check_against_stand_ins(self):
        """Each relay must have seen what its stand-in counted: else somebody went another way. Tables are made without a relay, before."""
        for target, api in self.aws.apis.items():
            told = sum(number for name, number in api.order("stats")["calls"].items() if name.startswith("redshift-data."))
            seen = sum(self.data_apis[target].read()[0].values()) + self.past_relays[target]
            if seen != told:
                raise BenchError(f"{target}: the relay saw {seen} calls of the Data API, its stand-in {told}")

    # Ways to run the service: its settings by the row's name.

    def by_data_api(self, bench, **more):
        queue, database = self.aws.fresh()
        make_tables(bench, self.aws, queue, database)
        for target, calls in self.aws.calls(database).items():
            self.past_relays[target] += sum(calls.values())
        ends = {"REDSHIFT_ENDPOINT": self.data_apis["primary"].url, "SECONDARY_REDSHIFT_ENDPOINT": self.data_apis["secondary"].url}
        return database, self.aws.settings(self._through_relay(queue), database, **ends, **more)

    def by_wire(self, queue_too):
        queue, database = self.aws.fresh()
        way = "redshift_url" if queue_too else "postgres_url"
        urls = {f"{target.upper()}_WAREHOUSE_URL": getattr(self.proxies[target], way)(database) for target in TARGETS}
        if queue_too:
            urls |= {"SQS_QUEUE_URL": self._through_relay(queue), "TWINSHIFT_DATA_DURABLE": "true", "AWS_REGION": "us-east-1",
                     **self.aws.apis["primary"].credentials()}
        return database, urls

    def predecessor(self, bench, peer):
        """The Node baseline in its generous variant, its tables made, its way led through the relays."""
        queue, database = self.aws.fresh()
        ddl = subprocess.run([find_node(), "-e", "import('./baseline/columns.mjs').then((m) => console.log(m.postgresDdl()))"], cwd=peer,
                             capture_output=True, text=True, check=True).stdout
        functions = (pathlib.Path(peer) / "stubs" / "functions.sql").read_text(encoding="utf-8")
        for server in self.aws.servers.values():
            server.psql(functions + ddl, database)
        work = bench.folder / "baseline"
        work.mkdir()
        ends = {f"REDSHIFT_{target.upper()}_ENDPOINT": relay.url for target, relay in self.data_apis.items()}
        return database, Baseline(peer, work, self.aws, self._through_relay(queue), database, SQS_ENDPOINT=self.sqs.url, **ends)

    def _through_relay(self, queue):
        return queue.replace(self.aws.sqs.url, self.sqs.url)


def send(bench, url, events, rate, seed):
    """Events of the program's own generator, at a rate or (0) as fast as they are taken."""
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")}
    command = [str(bench.binary), "generate", "--events", str(events), "--url", url, "--seed", str(seed), "--connections", "64" if rate == 0 else "4"]
    done = subprocess.run([*command, *(["--rate", str(rate)] if rate else [])], env=environment, cwd=bench.folder, capture_output=True, text=True,
                          timeout=SEND_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise BenchError(f"`twinshift generate` failed: {(done.stderr or done.stdout).strip()[-500:]}")


def queue_is_empty(world, database):
    """Whether every message has been deleted, as its own count says."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    told = world.aws.sqs.call("GetQueueAttributes", QueueUrl=world.aws.sqs.queue_url(database), AttributeNames=list(names))["Attributes"]
    return not sum(int(told[name]) for name in names)

