"""The stand-in for the Data API under load and with its server gone; what it answers in peace, AWS's own client shows (tests/node)."""

import random
import threading
import time
import unittest

from aws_call import Caller
from aws_servers import CLUSTER, DataApi
from postgres_server import PostgresServer

ENDED = ("FINISHED", "FAILED", "ABORTED")
PEOPLE, BATCHES = 12, 12
ROW = "('" + "x" * 36 + "', '2025-01-01 00:00:00', NULL, 12.5, '" + "it''s \\\\ text " * 80 + "')"


class DataApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.aws = DataApi(cls.server)
        cls.addClassCleanup(cls.aws.stop)

    def setUp(self):
        self.aws.order("reset")
        self.server.create_database("db")
        self.addCleanup(self.server.drop_database, "db")
        self.call = Caller(self.aws)

    def execute(self, sql):
        return self.ended(self.call, self.submit(self.call, Sql=sql))

    @staticmethod
    def submit(call, **more):
        operation = "BatchExecuteStatement" if "Sqls" in more else "ExecuteStatement"
        status, answer = call.data_api(operation, ClusterIdentifier=CLUSTER, Database="db", **more)
        assert status == 200, answer
        return answer["Id"]

    @staticmethod
    def ended(call, number):
        while True:
            _, told = call.data_api("DescribeStatement", Id=number, WaitTimeSeconds=30)
            if told["Status"] in ENDED:
                return told


class Crowd(DataApiTest):
    """Many at a time, of whom some change their minds: a cancel hits its own statement or none, and each batch is there whole or not."""

    def person(self, number, outcomes):
        dice, call = random.Random(number), Caller(self.aws)
        for i in range(BATCHES):
            key, cancels = f"{number}-{i}", dice.random() < 0.4
            busy = f"SELECT count(*) FROM generate_series(1, {dice.choice([1, 200_000])}) AS g(n)"
            made = self.submit(call, Sqls=["CREATE TEMP TABLE s (k VARCHAR(40))", f"INSERT INTO s VALUES ('{key}')",
                                           "INSERT INTO t SELECT k FROM s", busy])
            if cancels:
                call.data_api("CancelStatement", Id=made)
            outcomes[key] = (self.ended(call, made)["Status"], cancels)

    def test_crowd(self):
        self.execute("CREATE TABLE t (k VARCHAR(40))")
        outcomes = {}
        people = [threading.Thread(target=self.person, args=(n, outcomes)) for n in range(PEOPLE)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        self.assertEqual(len(outcomes), PEOPLE * BATCHES)
        self.assertEqual([o for o in outcomes.values() if o[0] == "FAILED" or o == ("ABORTED", False)], [])
        self.assertIn(("ABORTED", True), outcomes.values())
        landed = self.server.psql("SELECT k FROM t", "db").split()
        self.assertEqual(sorted(landed), sorted(k for k, o in outcomes.items() if o[0] == "FINISHED"))
        self.assertEqual(self.aws.order("stats")["active"], 0)


class Server(DataApiTest):
    def test_gone_and_back(self):
        self.assertEqual(self.execute("SELECT 1")["Status"], "FINISHED")
        self.server.stop("immediate")
        self.assertRegex(self.execute("SELECT 1")["Error"], "^Connection refused")
        self.server.start()
        self.assertEqual(self.execute("SELECT 1")["Status"], "FINISHED")

    def test_killed_under_a_statement(self):
        made = self.submit(self.call, Sql="SELECT count(*) FROM generate_series(1, 1000000000)")
        while self.call.data_api("DescribeStatement", Id=made)[1]["Status"] != "STARTED":
            pass
        self.server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'db'")
        self.assertEqual(self.ended(self.call, made)["Status"], "FAILED")

    def test_database_made_anew(self):
        self.execute("CREATE TABLE t (a SUPER)")
        self.server.drop_database("db")
        self.server.create_database("db")
        self.assertEqual(self.execute("CREATE TABLE t (a SUPER)")["Status"], "FINISHED")


class Speed(DataApiTest):
    def test_a_full_batch(self):
        """40 statements of 100 KB: a bound that a quadratic lexer or a copy too many would break."""
        rows = ",".join([ROW] * (100_000 // (len(ROW) + 1)))
        self.execute("CREATE TABLE t (a VARCHAR(40), b TIMESTAMP, c INT, d FLOAT8, e VARCHAR(MAX))")
        began = time.monotonic()
        made = self.submit(self.call, Sqls=[f"INSERT INTO t (a, b, c, d, e) VALUES {rows}"] * 40)
        told = self.ended(self.call, made)
        self.assertEqual(told["Status"], "FINISHED", told.get("Error"))
        self.assertLess(time.monotonic() - began, 10)  # about 0.2
        self.assertEqual(sum(piece["ResultRows"] for piece in told["SubStatements"]), 40 * rows.count("2025"))


if __name__ == "__main__":
    unittest.main()
