"""PostgreSQL servers for the tests of a file: started once, a new database for each test."""

import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "standin"))

from aws_servers import DataApi, SqsServer
from harness import PATIENCE_SECONDS, Service, ServiceTest, wait_until
from ports import free_port  # noqa: F401 (for the tests)
from postgres_server import PostgresServer, ServerError, children_of, send_signal
from with_servers import StandIn

TABLE = "appsflyer_events"


class PostgresTest(ServiceTest):
    """`primary` and `secondary` are servers of their own; each test has a database on each."""

    @classmethod
    def setUpClass(cls):
        cls.servers = {}
        cls.addClassCleanup(lambda: [server.remove() for server in cls.servers.values()])
        for target in ("primary", "secondary"):
            cls.servers[target] = PostgresServer()
            cls.servers[target].start()

    def setUp(self):
        super().setUp()
        self.database = "t" + uuid.uuid4().hex[:12]
        for server in self.servers.values():
            if not server.running():
                server.start()
            server.create_database(self.database)

    def urls(self, **more):
        return {"PRIMARY_WAREHOUSE_URL": self.servers["primary"].url(self.database),
                "SECONDARY_WAREHOUSE_URL": self.servers["secondary"].url(self.database), **more}

    def psql(self, target, sql):
        return self.servers[target].psql(sql, self.database)

    def landed(self, target):
        """By appsflyer_id: how often each event stands there. Empty while the server is away."""
        try:
            text = self.psql(target, f"SELECT appsflyer_id, count(*) FROM {TABLE} GROUP BY 1")
        except ServerError:
            return {}
        return {line.rsplit("|", 1)[0]: int(line.rsplit("|", 1)[1]) for line in text.splitlines()}

    def wait_each_once(self, names, targets=("primary", "secondary"), seconds=PATIENCE_SECONDS):
        for target in targets:
            wait_until(lambda t=target: self.landed(t).keys() >= set(names), f"all {len(set(names))} events in {target}", seconds)
            doubled = {name: count for name, count in self.landed(target).items() if count != 1}
            self.assertEqual(doubled, {}, f"doubled in {target}")


class RedshiftTest(PostgresTest):
    """The secondary is Redshift: the stand-in, before its server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stand_in = StandIn(cls.servers["secondary"])
        cls.addClassCleanup(cls.stand_in.stop)

    def setUp(self):
        super().setUp()
        self.stand_in.fault("off")

    def urls(self, **more):
        return super().urls(**{"SECONDARY_WAREHOUSE_URL": self.stand_in.redshift_url(self.database), **more})


class LimitedUserTest(PostgresTest):
    """Also a user of the primary who has no right in it: `limited` are the settings by which he writes, `owner` those of the owner."""

    def setUp(self):
        super().setUp()
        self.user = f"writer_{self.database}"
        self.psql("primary", f'CREATE ROLE "{self.user}" LOGIN; REVOKE TEMPORARY ON DATABASE "{self.database}" FROM PUBLIC; '
                  "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        port = self.servers["primary"].port
        self.limited = self.urls(PRIMARY_WAREHOUSE_URL=f"postgresql://{self.user}@127.0.0.1:{port}/{self.database}", REDSHIFT_TABLE_NAME="public." + TABLE)
        self.owner = self.urls(REDSHIFT_TABLE_NAME="public." + TABLE)

    def let_write(self, tables):
        """The right to write these tables ("a, b", or "ALL TABLES IN SCHEMA public"), and what writing needs beside it."""
        self.psql("primary", f'GRANT USAGE ON SCHEMA public TO "{self.user}"; GRANT TEMPORARY ON DATABASE "{self.database}" TO "{self.user}"; '
                  f'GRANT SELECT, INSERT ON {tables} TO "{self.user}"')


__all__ = ["TABLE", "DataApi", "LimitedUserTest", "SqsServer", "PostgresServer", "PostgresTest", "RedshiftTest", "ServerError", "Service",
           "children_of", "send_signal"]
