"""The wire proxy: one listener that passes for Redshift, one that passes PostgreSQL through, one that takes orders. One thread.

    proxy.py --server 127.0.0.1:5432 --admin-host /socket/folder --admin-user postgres
prints one line of JSON with its three ports and lives until its standard input ends."""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys

import orders
from faults import Board, Stats
from pg_wire import WireError
from redshift_database import prepare_database, read_catalog
from session import Session

NOT_REACHED = ("", "08", "3D", "53", "55", "57")  # SQLSTATE classes of a server or database that lets nobody in


class World:
    """What all sessions share."""

    def __init__(self, server, admin_host, admin_user, tls):
        self.server = server
        self.tls = tls
        self.faults = Board()
        self.stats = Stats()
        self.sessions = set()
        self._admin = (admin_host, server[1], admin_user)
        self._preparing = asyncio.Lock()
        self._tasks = set()
        self._catalog = read_catalog()

    def spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def prepare(self, database):
        """Makes the database look like Redshift's, once. One that cannot be reached stays as it is: its own error tells the client."""
        async with self._preparing:
            try:
                await asyncio.to_thread(prepare_database, self._admin, database, self._catalog)
            except (WireError, OSError) as failure:
                if getattr(failure, "sqlstate", "")[:2] not in NOT_REACHED:
                    print(f"stand-in: database {database!r} could not be prepared: {failure}", file=sys.stderr, flush=True)

    # Orders.

    def obey(self, order):
        verb = order.get("do")
        database = order.get("database", "")
        if verb == "stats":
            return {**self.stats.describe(database), "faults": self.faults.describe(), "sessions": len(self.sessions)}
        if verb == "statements":
            return {"statements": self.stats.describe_statements(database)}
        if verb == "reset":
            self.stats.reset()
            self.faults.off()
            self._tell_sessions()
            return {}
        if verb == "fault":
            return self._fault(order, database)
        raise ValueError(f"unknown order {verb!r}; known: stats, statements, fault, reset")

    def _fault(self, order, database):
        if order.get("kind") == "off":
            self.faults.off(database, order.get("only", ""))
            self._tell_sessions()
            return {}
        fault = self.faults.arm(order)
        if fault.kind == "refuse":
            for session in list(self.sessions):
                if not database or session.database == database:
                    session.end(None)
        return {"id": fault.number}

    def _tell_sessions(self):
        for session in list(self.sessions):
            session.healed()


async def run(arguments):
    loop = asyncio.get_running_loop()
    tls = None
    if arguments.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls_cert, arguments.tls_key)
    host, _, port = arguments.server.rpartition(":")
    world = World((host, int(port)), arguments.admin_host or host, arguments.admin_user, tls)
    redshift = await loop.create_server(lambda: Session(world, True).client, "127.0.0.1", arguments.redshift_port)
    postgres = await loop.create_server(lambda: Session(world, False).client, "127.0.0.1", arguments.postgres_port)
    control = await orders.listen(world.obey, arguments.control_port)
    listeners = {"redshift": redshift, "postgres": postgres, "control": control}
    ports = {name: server.sockets[0].getsockname()[1] for name, server in listeners.items()}
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    for session in list(world.sessions):
        session.end(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="HOST:PORT of the PostgreSQL behind")
    parser.add_argument("--admin-host", default="", help="host or socket folder where --admin-user is let in without a password")
    parser.add_argument("--admin-user", default="postgres", help="a superuser; it prepares each database")
    parser.add_argument("--redshift-port", type=int, default=0)
    parser.add_argument("--postgres-port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--tls-cert", default="")
    parser.add_argument("--tls-key", default=None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends our input
    asyncio.run(run(parser.parse_args()))
    os._exit(0)  # the thread that reads the input may still be there


if __name__ == "__main__":
    main()
