"""with_servers.py [--data-api] [--sqs] [--verify-signatures] [--tls-cert FILE --tls-key FILE] -- COMMAND...: runs COMMAND beside a throw-away
PostgreSQL with the stand-in in front of it, tells it where they are by TWINSHIFT_TEST_* variables (docs/redshift-stand-in.md), and gives
back its exit code. The first three start the stand-ins of AWS as well (docs/aws-stand-ins.md)."""

import contextlib
import os
import signal
import subprocess
import sys

from aws_servers import DataApi, SqsServer
from node import NodeError
from postgres_server import PostgresServer
from program import Ordered

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ("--data-api", "--sqs", "--verify-signatures")


class StandIn(Ordered):
    """The proxy in front of `server` (a PostgresServer)."""

    def __init__(self, server, arguments=()):
        self.user = server.user
        super().__init__([sys.executable, "-B", os.path.join(HERE, "proxy.py"), "--server", f"127.0.0.1:{server.port}",
                          "--admin-host", server.folder, "--admin-user", server.user, *arguments])
        self.ports = self.told

    def redshift_url(self, database="postgres"):
        return f"redshift://{self.user}@127.0.0.1:{self.ports['redshift']}/{database}?sslmode=disable"

    def postgres_url(self, database="postgres"):
        return f"postgresql://{self.user}@127.0.0.1:{self.ports['postgres']}/{database}"


def run_beside(command, variables):
    child = subprocess.Popen(command, env={**os.environ, **variables})
    try:
        return child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def aws_variables(stack, server, flags):
    """Starts what the flags name, for as long as `stack` is open."""
    sqs = stack.enter_context(SqsServer()) if "--sqs" in flags else None
    data_api = DataApi(server, ["--verifier"] if "--verify-signatures" in flags else [], sqs)
    return {**(sqs.variables() if sqs else {}), **stack.enter_context(data_api).variables()}


def main(words):
    if "--" not in words or words[-1] == "--":
        sys.exit("usage: with_servers.py [options of proxy.py] -- COMMAND...")
    split = words.index("--")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is removed
    flags, options = [w for w in words[:split] if w in FLAGS], [w for w in words[:split] if w not in FLAGS]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(PostgresServer())
        stand_in = stack.enter_context(StandIn(server, options))
        variables = {"TWINSHIFT_TEST_POSTGRES_URL": server.url(), "TWINSHIFT_TEST_REDSHIFT_URL": stand_in.redshift_url(),
                     "TWINSHIFT_TEST_PROXY_URL": stand_in.postgres_url(),
                     "TWINSHIFT_TEST_STANDIN_CONTROL": stand_in.control}
        if flags:
            variables |= aws_variables(stack, server, flags)
        code = run_beside(words[split + 1:], variables)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NodeError as missing:
        sys.exit(str(missing))
