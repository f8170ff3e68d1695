"""What the AWS part of the bench runs on: the tests' stand-ins, a relay that records and counts, a bare client, the Node baseline."""

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

from load import TABLE
from processes import BenchError, Child, free_port

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "standin"))

from aws_servers import DataApi, SqsServer  # noqa: E402
from node import find_node  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

PLACES = {"primary": ("us-east-1", "primary-cluster"), "secondary": ("ap-south-1", "secondary-cluster")}
LAND_SECONDS_MAX = 600


class World:
    """Both databases, both Data APIs, one SQS; everything ends with it."""

    def __init__(self):
        self._undo = []
        self.servers, self.apis, self.number = {}, {}, 0
        self.sqs = self._keep(SqsServer(), "stop")
        for target, place in PLACES.items():
            self.servers[target] = server = self._keep(PostgresServer(), "remove")
            server.start()
            self.apis[target] = self._keep(DataApi(server, [
                "--cluster", "/".join(place), "--cluster", f"{PLACES['primary'][0]}/{place[1]}"]), "stop")  # the baseline knows one region
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
                relay.note_asked(self.headers["X-Amz-Target"], body)
                try:
                    answer, told = self.ask(body)
                except OSError:  # the end of the run
                    self.close_connection = True
                    return
                relay.note_told(told)
                self.send_response(answer.status)
                for name in ("Content-Type", "x-amzn-RequestId", "Date"):
                    if answer.getheader(name):
                        self.send_header(name, answer.getheader(name))
                self.send_header("Content-Length", str(len(told)))
                try:
                    self.end_headers()
                    self.wfile.write(told)
                except OSError:
                    self.close_connection = True

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

    def note_asked(self, target, body):
        self.total += 1
        if target.endswith("BatchExecuteStatement"):
            self.bodies.append(body)

    def note_told(self, told):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class SqsFrontCount(Relay):
    """The same relay before SQS, which counts."""

    def __init__(self, world):
        super().__init__(world.sqs.url)

    def queue_url(self, queue):
        return queue.replace(f"http://{self.upstream}", self.url)


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
