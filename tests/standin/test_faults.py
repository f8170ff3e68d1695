"""What the stand-in does wrong on command, and that the way a lane writes survives it."""

import unittest

from pg_wire import Client, WireError, bind, cstring, message, parse
from postgres_server import wait_for
from proxy_test import ProxyTest


class Batch:
    """What a lane does: stage, lock, anti-join, marker, commit; and how it finds out what became of it."""

    SET_UP = ("CREATE TABLE t (id VARCHAR(40) NOT NULL, extra SUPER) SORTKEY (id); CREATE TABLE loads (batch VARCHAR(40)); "
              "CREATE TABLE writer (a INT)")

    def __init__(self, connect):
        self.connect = connect

    def write(self, batch, ids):
        client = self.connect()
        client.query("CREATE TEMP TABLE stage (id VARCHAR(40), extra VARCHAR(MAX))")
        client.prepare("stage", "INSERT INTO stage VALUES " + ",".join(f"(${2 * i + 1}, ${2 * i + 2})" for i in range(len(ids))))
        client.execute("stage", [word for name in ids for word in (name, '{"a":1}')])
        client.query("BEGIN")
        client.query("LOCK writer")
        client.query("INSERT INTO t SELECT id, JSON_PARSE(extra) FROM stage s WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id = s.id)")
        client.query(f"INSERT INTO loads VALUES ('{batch}')")
        client.query("COMMIT")
        client.close()

    def landed(self, batch):
        client = self.connect()
        found = client.query(f"BEGIN; LOCK writer; SELECT count(*) FROM loads WHERE batch = '{batch}'; COMMIT").rows
        client.close()
        return found == [("1",)]


class Faults(ProxyTest):
    def setUp(self):
        super().setUp()
        self.batch = Batch(self.connect)
        self.client = self.connect()
        self.client.query(Batch.SET_UP)

    def test_cut_at_every_boundary(self):
        """The marker always says the truth, and at the end each row is there once."""
        at, outcomes = 1, []
        while True:
            self.fault("cut", at=at)
            try:
                self.batch.write(f"b{at}", [f"{at}-1", f"{at}-2"])
                broken = False
            except WireError:
                broken = True
            fault = self.stand_in.order("stats")["faults"][0]
            self.fault("off")
            if not fault["fired"]:
                self.assertFalse(broken)
                break
            landed = self.batch.landed(f"b{at}")
            self.assertEqual(self.direct(f"SELECT count(*) FROM t WHERE id LIKE '{at}-%'"), "2" if landed else "0", f"boundary {at}")
            outcomes.append(landed)
            if not landed:
                self.batch.write(f"b{at}", [f"{at}-1", f"{at}-2"])
            at += 1
            self.assertLess(at, 300)
        self.assertGreater(at, 40)
        self.assertIn(False, outcomes)
        self.assertIn(True, outcomes)  # those cut after COMMIT had got through
        self.assertEqual(self.direct("SELECT count(*), count(DISTINCT id) FROM t"), f"{2 * at}|{2 * at}")

    def test_cut_before_and_after_commit(self):
        for kind, landed in (("cut_before_commit", "f"), ("cut_after_commit", "t")):
            self.fault(kind)
            self.raises("", self.batch.write, kind, [kind])
            wait_for(lambda: self.direct("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                         "AND pid <> pg_backend_pid()") == "1",
                     "the cut session to end")
            self.assertEqual(self.direct(f"SELECT count(*) > 0 FROM t WHERE id = '{kind}'"), landed)
            self.batch.write(kind, [kind])

    def test_cut_before_a_prepared_commit(self):
        self.client.prepare("c", "COMMIT")
        self.client.query("BEGIN; INSERT INTO t VALUES ('x')")
        self.fault("cut_before_commit")
        self.raises("", self.client.execute, "c", [])
        self.assertEqual(self.direct("SELECT count(*) FROM t"), "0")

    def test_conflict_at_commit(self):
        self.fault("conflict", times=2)
        for _ in range(2):
            self.client.query("BEGIN; INSERT INTO t VALUES ('x')")
            reply = self.refused(self.client, "INSERT INTO loads VALUES ('x'); COMMIT", "XX000", "1023")
            self.assertEqual((reply.tags, reply.status), (["INSERT 0 1"], "I"))
        self.client.query("BEGIN; INSERT INTO t VALUES ('x'); COMMIT")
        self.assertEqual(self.direct("SELECT count(*) FROM t"), "1")

    def test_conflict_at_commit_by_the_extended_protocol(self):
        self.fault("conflict")
        self.client.query("BEGIN; INSERT INTO t VALUES ('x')")
        self.client.send(parse("", "COMMIT") + bind("", []) + message(b"E", cstring("") + b"\0\0\0\0") + message(b"S"))
        reply = self.client.read_reply()
        self.assertEqual((reply.error["M"], reply.status), ("1023", "I"))
        self.assertEqual(self.direct("SELECT count(*) FROM t"), "0")

    def test_error_on_command(self):
        self.fault("error", sqlstate="53100", message="the disk isn't there: \\", statement_contains="into T", times=2)
        self.client.query("SELECT 1; BEGIN")
        self.assertEqual(self.refused(self.client, "INSERT INTO t VALUES ('x')", "53100", "the disk isn't there: \\").status, "E")
        self.client.query("ROLLBACK")
        self.raises("53100", self.client.prepare, "p", "INSERT INTO t VALUES ($1)")
        self.client.prepare("p", "INSERT INTO t VALUES ($1)")
        self.fault("error", sqlstate="XX000", message="late", statement_contains="into t")
        self.raises("XX000", self.client.execute, "p", ["x"])
        self.client.execute("p", ["x"])

    def test_slow(self):
        self.fault("slow", ms=50)
        self.client.prepare("p", "SELECT 1")
        self.client.query("SELECT 1")
        self.assertEqual(self.stand_in.order("stats")["faults"][0]["kind"], "slow")
        client = self.connect()
        self.stand_in.fault("slow", ms=1000, database=self.database)
        self.stand_in.fault("off", database=self.database, only="slow")
        self.fault("slow", ms=2000)
        client.query("SELECT 1")  # the first message goes at once, what follows it waits
        client.wait_at_most(0.2)
        self.raises("", client.query, "SELECT 1")

    def test_a_black_hole_swallows_for_good(self):
        client = self.connect()
        self.fault("black_hole")
        client.wait_at_most(0.3)
        self.raises("", client.query, "INSERT INTO t VALUES ('x')")
        self.raises("", lambda: self.connect(seconds_max=0.3))
        self.fault("off")
        self.raises("", client.query, "SELECT 1")
        self.assertEqual(self.connect().rows("SELECT count(*) FROM t"), [("0",)])

    def test_a_black_hole_that_holds_delivers_late(self):
        client = self.connect()
        client.query("BEGIN; INSERT INTO t VALUES ('x')")
        self.fault("black_hole", hold=True)
        client.wait_at_most(0.3)
        self.raises("", client.query, "COMMIT")
        client.drop()  # nobody waits for the answer any more
        self.assertEqual(self.direct("SELECT count(*) FROM t"), "0")
        self.fault("off")
        wait_for(lambda: self.direct("SELECT count(*) FROM t") == "1", "the late COMMIT")

    def test_refuse(self):
        self.fault("refuse")
        self.raises("", self.client.query, "SELECT 1")
        self.raises("", self.connect)
        other = Client("127.0.0.1", self.stand_in.ports["redshift"], self.server.user, "postgres")
        other.query("SELECT 1")
        other.close()
        self.stand_in.fault("refuse")
        with self.assertRaises((WireError, OSError)):
            Client("127.0.0.1", self.stand_in.ports["redshift"], self.server.user, "postgres")
        self.stand_in.fault("off")
        self.connect().query("SELECT 1")

    def test_a_fault_of_one_database_leaves_the_others_alone(self):
        self.stand_in.fault("cut", at=1, database="another")
        self.client.query("SELECT 1")

    def test_bad_orders_are_answered(self):
        for order in ({"kind": "cut"}, {"kind": "nonsense"}, {"kind": "slow", "ms": "x"}):
            with self.assertRaises(ValueError):
                self.stand_in.order("fault", **order)
        with self.assertRaises(ValueError):
            self.stand_in.order("nonsense")

    def test_counts(self):
        self.stand_in.order("reset")
        self.client.query("SELECT 1; SELECT 2")
        self.client.prepare("p", "SELECT 3")
        self.client.execute("p", [])
        stats = self.stand_in.order("stats", database=self.database)
        self.assertEqual((stats["statements"], stats["client_messages"], stats["connections"]), (3, 6, 0))
        self.assertEqual(stats["boundaries"], stats["client_messages"] + stats["server_messages"])
        self.assertEqual(self.stand_in.order("statements", database=self.database)["statements"], ["SELECT 1", "SELECT 2", "SELECT 3"])


if __name__ == "__main__":
    unittest.main()
