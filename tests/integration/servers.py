"""PostgreSQL servers for the tests of a file: started once, a new database for each test."""

import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "standin"))

from aws_servers import DataApi, SqsServer
from harness import PATIENCE_SECONDS, Service, ServiceTest, wait_until
from postgres_server import PostgresServer, ServerError, children_of, send_signal

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


__all__ = ["TABLE", "DataApi", "SqsServer", "PostgresServer", "PostgresTest", "ServerError", "Service", "children_of", "send_signal"]
