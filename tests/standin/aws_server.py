"""Stand-ins of AWS in one process: the Redshift Data API, and what gives credentials. Orders come over a socket of their own.

    aws_server.py --postgres 127.0.0.1:5432 --admin-host /socket/folder --admin-user postgres
prints one line of JSON with its ports and lives until its standard input ends. docs/aws-stand-ins.md tells all."""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys

import orders
from aws_front import Front
from aws_http import HttpServer
from aws_identity import WEB_TOKEN, Role, Sts
from aws_keys import STATIC_KEY, STATIC_SECRET, Identity
from aws_metadata import Container, Imds
from aws_redshift import Passwords, RedshiftControl, ServerlessControl
from aws_verifier import Verifier
from data_api_front import AWS_QUOTAS, DataApiFront
from sqs_front import SqsFront

CLUSTERS = ("us-east-1/test-cluster", "us-west-2/test-cluster-secondary")


def read_clusters(texts):
    """REGION/CLUSTER[/DATABASE=BEHIND...] -> (region, cluster) -> {database: PostgreSQL's database}."""
    clusters = {}
    for text in texts:
        region, cluster, *databases = text.split("/")
        clusters[region, cluster] = dict(pair.split("=", 1) for pair in databases)
    return clusters


class World:
    def __init__(self, arguments):
        host, _, port = arguments.postgres.rpartition(":")
        self.front = Front()
        clusters = read_clusters(arguments.cluster or CLUSTERS)
        admin = (arguments.admin_host or host, int(port), arguments.admin_user)
        self.data_api = self.front.add(DataApiFront(admin, clusters, self.front.faults, self.front.keys.now))
        keys = self.front.keys
        self.sts = self.front.add(Sts(keys))
        self.passwords = Passwords(admin, keys)
        self.front.add(RedshiftControl(self.passwords, clusters))
        self.front.add(ServerlessControl(self.passwords, clusters))
        self.metadata = [self.front.add(Container(keys)), self.front.add(Imds(keys))]
        if arguments.sqs_port:
            self.front.add(SqsFront(arguments.sqs_port, self.front.faults))
        self.http = HttpServer(self.front.handle, keys.date)
        self.http.refusing = lambda: self.front.faults.armed("refuse", {})
        self._groups = [self.data_api.settings, *(service.settings for service in self.metadata)]
        self._at_first = [dict(group) for group in self._groups]

    # Orders.

    def obey(self, order):
        handler = getattr(self, "_order_" + str(order.get("do")), None)
        if handler is None:
            known = ", ".join(sorted(name[7:] for name in dir(self) if name.startswith("_order_")))
            raise ValueError(f"unknown order {order.get('do')!r}; known: {known}")
        return handler(order) or {}

    def _order_stats(self, order):
        return {**self.front.stats.describe(order.get("database", "")), **self.data_api.describe(), "connections": self.http.accepted,
                "faults": self.front.faults.describe(), "verified": self.front.verifier.agreed if self.front.verifier else 0}

    def _order_statements(self, order):
        return {"statements": self.data_api.texts(order.get("database", ""))}

    def _order_fault(self, order):
        if order.get("kind") == "off":
            self.front.faults.off(order)
            self.front.faults_changed()
            return {}
        fault = self.front.faults.arm(order)
        if fault.kind == "refuse":
            self.http.cut_all()
        return {"id": fault.number}

    def _order_cut(self, _order):
        """Ends all connections, as servers do with idle ones."""
        self.http.cut_all()

    def _order_reset(self, _order):
        self.front.faults.off({})
        self.front.faults_changed()
        self.front.stats.reset()
        self.front.keys.offset_seconds = 0.0
        self.front.checking = True
        for group, at_first in zip(self._groups, self._at_first):
            group.update(at_first)
        self.data_api.quotas.per_second = {}
        self.passwords.lifetime = self.sts.lifetime = None

    def _order_set(self, order):
        for name, value in order.items():
            if name != "do":
                self._set(name, value)

    def _set(self, name, value):
        own = {"check_signatures": lambda: setattr(self.front, "checking", bool(value)),
               "quotas": lambda: setattr(self.data_api.quotas, "per_second", dict(AWS_QUOTAS if value == "aws" else value)),
               "password_seconds": lambda: setattr(self.passwords, "lifetime", value),
               "sts_seconds": lambda: setattr(self.sts, "lifetime", value)}
        groups = [group for group in self._groups if name in group]
        if name not in own and not groups:
            known = ", ".join(sorted({*own, *(name for group in self._groups for name in group)}))
            raise ValueError(f"unknown setting {name!r}; known: {known}")
        if name in own:
            own[name]()
        for group in groups:
            group[name] = value

    def _order_role(self, order):
        self.sts.roles[order["arn"]] = Role(order.get("external_id", ""), order.get("web_token", WEB_TOKEN))

    def _order_clock(self, order):
        self.front.keys.offset_seconds = float(order["seconds"])

    def _order_serve(self, order):
        self.data_api.clusters[order["region"], order["cluster"]] = dict(order.get("databases", {}))

    def _order_key(self, order):
        seconds = order.get("seconds")
        made = Identity(order["key"], order["secret"], order.get("token", ""),
                        None if seconds is None else self.front.keys.now() + float(seconds))
        made.arn = order.get("arn", made.arn)
        self.front.keys.add(made)

    def _order_expire(self, order):
        self.front.keys.expire(order.get("key", ""))

    def _order_remove_key(self, order):
        self.front.keys.remove(order["key"])


async def run(arguments):
    world = World(arguments)
    if arguments.verifier:
        world.front.verifier = await Verifier().start()
    tls = None
    if arguments.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls_cert, arguments.tls_key)
    ports = {"aws": await world.http.listen(arguments.port, tls)}
    control = await orders.listen(world.obey, arguments.control_port)
    ports["control"] = control.sockets[0].getsockname()[1]
    print(json.dumps({**ports, "key": STATIC_KEY, "secret": STATIC_SECRET}), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    os._exit(0)  # statements may still run; nobody waits for them


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", required=True, help="HOST:PORT of the PostgreSQL behind")
    parser.add_argument("--admin-host", default="", help="host or socket folder where --admin-user is let in without a password")
    parser.add_argument("--admin-user", default="postgres", help="a superuser; all statements run as this one")
    parser.add_argument("--cluster", action="append", help="REGION/CLUSTER[/DATABASE=BEHIND...] that is "
                        f"served; a database that is not named is called the same behind; again for more; default: {', '.join(CLUSTERS)}")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--sqs-port", type=int, default=0, help="an SQS server on 127.0.0.1, which this one then stands before")
    parser.add_argument("--verifier", action="store_true", help="the AWS SDK's signer looks at every signature, too (Node.js)")
    parser.add_argument("--tls-cert", default="")
    parser.add_argument("--tls-key", default=None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends our input
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
