"""What the proxy's tests share: one PostgreSQL with the stand-in before it for a file, a new database for each test."""

import unittest
import uuid

from pg_wire import Client, WireError
from postgres_server import PostgresServer
from with_servers import StandIn


class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer(settings={"deadlock_timeout": "100ms"})
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.stand_in = StandIn(cls.server)
        cls.addClassCleanup(cls.stand_in.stop)

    def setUp(self):
        self.database = "d" + uuid.uuid4().hex[:12]
        self.server.create_database(self.database)
        self.stand_in.order("reset")
        self.addCleanup(self.stand_in.order, "reset")

    def connect(self, listener="redshift", seconds_max=60, **options):
        client = Client("127.0.0.1", self.stand_in.ports[listener], self.server.user, self.database, options, seconds_max)
        self.addCleanup(client.close)
        return client

    def refused(self, client, sql, sqlstate, text=""):
        reply = client.attempt(sql)
        self.assertIsNotNone(reply.error, sql)
        self.assertEqual(reply.error["C"], sqlstate, (sql, reply.error))
        self.assertIn(text, reply.error["M"], sql)
        return reply

    def raises(self, sqlstate, call, *arguments):
        with self.assertRaises(WireError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.sqlstate, sqlstate, caught.exception)
        return caught.exception

    def direct(self, sql):
        return self.server.psql(sql, self.database)

    def fault(self, kind, **more):
        return self.stand_in.fault(kind, database=self.database, **more)
