"""The proxy before a real PostgreSQL: what a client of Redshift sees."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from pg_wire import SSL_REQUEST, Client, WireError, cstring, message
from postgres_server import wait_for
from proxy_test import ProxyTest
from with_servers import HERE, StandIn


class LooksLikeRedshift(ProxyTest):
    def test_it_says_it_is_redshift(self):
        client = self.connect()
        self.assertIn("Redshift 1.0", client.rows("SELECT version()")[0][0])
        self.assertEqual(client.parameters["server_version"], "8.0.2")
        self.assertNotIn("standard_conforming_strings", client.parameters)
        self.assertEqual(client.rows("SELECT isolation_level FROM stv_db_isolation_level WHERE db_name = current_database()"),
                         [("Snapshot Isolation",)])
        self.assertEqual(client.rows(r"SELECT 'a\\b', 'it\'s'"), [("a\\b", "it's")])

    def test_unknown_startup_parameters_are_refused(self):
        self.raises("42704", lambda: self.connect(lock_timeout="5"))
        self.raises("42704", lambda: self.connect(options="-c synchronous_commit=on"))
        self.assertEqual(self.connect(options="-c statement_timeout=5000", application_name="x y").rows("SHOW statement_timeout"),
                         [("5s",)])

    def test_a_refusal_fails_the_transaction(self):
        client = self.connect()
        client.query("CREATE TABLE t (a INT)")
        client.query("BEGIN; INSERT INTO t VALUES (1)")
        self.assertEqual(self.refused(client, "INSERT INTO t VALUES (2) ON CONFLICT DO NOTHING", "42601", 'near "ON"').status, "E")
        self.refused(client, "SELECT 1", "25P02")
        client.query("ROLLBACK")
        self.assertEqual(client.rows("SELECT count(*) FROM t"), [("0",)])

    def test_a_refusal_among_many_fails_at_its_place(self):
        client = self.connect()
        reply = self.refused(client, "BEGIN; CREATE TABLE t (a INT); COMMIT; SELECT 1; CREATE INDEX i ON t (a); SELECT 2", "0A000",
                             "CREATE INDEX")
        self.assertEqual(reply.tags, ["BEGIN", "CREATE TABLE", "COMMIT", "SELECT 1"])
        self.assertEqual(reply.status, "I")
        self.assertEqual(client.rows("SELECT count(*) FROM t"), [("0",)])

    def test_a_refusal_by_the_extended_protocol(self):
        client = self.connect()
        client.query("CREATE TABLE t (a INT)")
        client.query("BEGIN")
        self.raises("42601", client.prepare, "p", "INSERT INTO t VALUES ($1) RETURNING a")
        self.refused(client, "SELECT 1", "25P02")
        client.query("ROLLBACK")
        client.prepare("p", "INSERT INTO t VALUES ($1)")
        self.assertEqual(client.execute("p", [7]).tags, ["INSERT 0 1"])

    def test_too_many_parameters(self):
        client = self.connect()
        client.query("CREATE TABLE t (a INT)")
        client.prepare("p", "INSERT INTO t VALUES " + ",".join(f"(${i})" for i in range(1, 32_768)))
        self.assertEqual(client.execute("p", range(32_767)).tags, ["INSERT 0 32767"])
        client.prepare("q", "INSERT INTO t VALUES " + ",".join(f"(${i})" for i in range(1, 32_769)))
        self.raises("08P01", client.execute, "q", range(32_768))
        self.assertEqual(client.rows("SELECT count(*) FROM t"), [("32767",)])

    def test_columns_count_bytes(self):
        client = self.connect()
        client.query("CREATE TABLE t (a VARCHAR(5), b TEXT, c CHAR(2), d VARCHAR(MAX), e VARCHAR)")
        client.query("INSERT INTO t (a) VALUES ('ääx')")
        refusal = self.refused(client, "INSERT INTO t (a) VALUES ('äää')", "22001", "value too long for type character varying(5)")
        self.assertNotIn("n", refusal.error)
        self.refused(client, f"INSERT INTO t (b) VALUES ('{'x' * 257}')", "22001", "character varying(256)")
        self.refused(client, f"INSERT INTO t (e) VALUES ('{'x' * 257}')", "22001", "character varying(256)")
        self.refused(client, "INSERT INTO t (c) VALUES ('ä')", "XX000", "CHAR string")
        client.prepare("p", "INSERT INTO t (a, d) VALUES ($1, $2), ($3, $4)")
        client.execute("p", ["äö", "x" * 65535, None, "y"])
        self.raises("22001", client.execute, "p", ["äö", "x" * 65536, None, "y"])
        self.assertEqual(client.rows("SELECT count(*), max(octet_length(d)) FROM t"), [("3", "65535")])

    def test_super(self):
        client = self.connect()
        client.query("CREATE TABLE t (s SUPER)")
        text = '{"big":12345678901234567890,"exact":9007199254740993,"long":0.12345678901234567890,"list":[1e3,"12345678901234567890"]}'
        client.query(f"INSERT INTO t SELECT JSON_PARSE('{text}')")
        self.assertEqual(client.rows("SELECT JSON_SERIALIZE(s) FROM t"), [(
            '{"big":12345678901234567000,"list":[1000,"12345678901234567890"],"long":0.12345678901234568,"exact":9007199254740993}',)])
        self.refused(client, "SELECT JSON_PARSE('{\"a\":')", "XX000", "Invalid JSON")
        long = '{"a":"' + "x" * 60000 + '","b":"' + "y" * 5000 + '"}'
        client.query(f"INSERT INTO t SELECT JSON_PARSE('{long[:65000]}' || '{long[65000:]}')")
        longer = '{"a":"' + "x" * 65536 + '"}'
        self.refused(client, f"SELECT JSON_PARSE('{longer[:65000]}' || '{longer[65000:]}')", "XX000",
                     "String value exceeds the max size of 65535 bytes")
        client.query("SET json_parse_truncate_strings TO on")
        client.query(f"SELECT JSON_PARSE('{longer[:65000]}' || '{longer[65000:]}')")

    def test_catalogue(self):
        client = self.connect()
        client.query("""CREATE TABLE "Events" (id VARCHAR(64) NOT NULL ENCODE zstd, price DECIMAL(18,6), extra SUPER, n BIGINT,
                        at TIMESTAMP, PRIMARY KEY (id)) DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (at, id)""")
        self.assertEqual(client.rows("SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, "
                                     "is_nullable "
                                     "FROM svv_columns WHERE table_schema = 'public' AND table_name = 'events' ORDER BY ordinal_position"),
                         [("id", "character varying", "64", None, None, "NO"), ("price", "numeric", None, "18", "6", "YES"),
                          ("extra", "super", None, None, None, "YES"), ("n", "bigint", None, "64", "0", "YES"),
                          ("at", "timestamp without time zone", None, None, None, "YES")])
        self.assertEqual(client.rows("SELECT \"column\", type, encoding, distkey, sortkey, \"notnull\" FROM pg_table_def "
                                     "WHERE tablename = 'events' ORDER BY 1"),
                         [("at", "timestamp without time zone", "none", "f", "1", "f"), ("extra", "super", "none", "f", "0", "f"),
                          ("id", "character varying(64)", "zstd", "t", "2", "t"), ("n", "bigint", "az64", "f", "0", "f"),
                          ("price", "numeric(18,6)", "az64", "f", "0", "f")])
        self.assertEqual(client.rows("SELECT 1 FROM svv_table_info WHERE \"table\" = 'events'"), [])  # no row, no mention
        client.query("INSERT INTO events (id) VALUES ('a'), ('a')")  # a PRIMARY KEY is only said
        self.assertEqual(client.rows("SELECT diststyle, sortkey1, tbl_rows FROM svv_table_info WHERE \"table\" = 'events'"),
                         [("KEY(id)", "at", "2")])
        client.query("ALTER TABLE events ADD COLUMN more VARCHAR(9) ENCODE lzo DEFAULT 'x'; ALTER TABLE events ALTER SORTKEY (id)")
        self.assertEqual(client.rows("SELECT \"column\", encoding, sortkey FROM pg_table_def WHERE tablename = 'events' "
                                     "AND (sortkey > 0 OR \"column\" = 'more') ORDER BY 1"),
                         [("id", "zstd", "1"), ("more", "lzo", "0")])

    def test_widening(self):
        client = self.connect()
        client.query("CREATE TABLE t (a VARCHAR(5)); INSERT INTO t VALUES ('12345')")
        client.query("BEGIN")
        self.refused(client, "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(9)", "25001")
        client.query("ROLLBACK")
        client.query("ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(9)")
        client.query("INSERT INTO t VALUES ('123456789')")
        self.refused(client, "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(8)", "22001")

    def test_truncate_commits(self):
        client = self.connect()
        client.query("CREATE TABLE t (a INT)")
        reply = client.query("BEGIN; INSERT INTO t VALUES (1); TRUNCATE t")
        self.assertEqual((reply.tags, reply.status), (["BEGIN", "INSERT 0 1", "TRUNCATE TABLE"], "I"))

    def test_a_database_made_anew_under_its_name(self):
        client = self.connect()
        client.query("CREATE TABLE t (a VARCHAR(77))")
        client.close()
        self.server.drop_database(self.database)
        self.server.create_database(self.database)
        self.connect().query("CREATE TABLE t (a VARCHAR(77))")


class Transactions(ProxyTest):
    def setUp(self):
        super().setUp()
        self.one, self.two = self.connect(), self.connect()
        self.one.query("CREATE TABLE t (id VARCHAR(9), n INT); CREATE TABLE w (a INT); INSERT INTO t VALUES ('a', 0)")

    def test_the_snapshot_is_taken_after_the_lock(self):
        self.one.query("BEGIN; LOCK w; INSERT INTO t VALUES ('b', 1)")
        self.two.query("BEGIN")
        waiting = threading.Thread(target=self.two.query, args=("LOCK w",))
        waiting.start()
        self.wait_for_lock()
        self.one.query("COMMIT")
        waiting.join()
        self.assertEqual(self.two.rows("SELECT count(*) FROM t"), [("2",)])

    def test_a_snapshot_before_the_lock_sees_too_little(self):
        self.two.query("BEGIN; SELECT count(*) FROM t")
        self.one.query("INSERT INTO t VALUES ('b', 1)")
        self.assertEqual(self.two.rows("LOCK w; SELECT count(*) FROM t"), [("1",)])

    def test_a_real_conflict_is_1023(self):
        self.two.query("BEGIN; SELECT count(*) FROM t")
        self.one.query("UPDATE t SET n = 1 WHERE id = 'a'")
        reply = self.refused(self.two, "UPDATE t SET n = 2 WHERE id = 'a'", "XX000", "1023")
        self.assertIn("Serializable isolation violation on table", reply.error["D"])

    def wait_for_lock(self):
        wait_for(lambda: self.direct("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1", "the other session to wait")


class PassesThrough(ProxyTest):
    def test_postgresql_stays_what_it_is(self):
        client = self.connect("postgres")
        self.assertIn("PostgreSQL 1", client.rows("SELECT version()")[0][0])
        client.query("CREATE TABLE t (a text PRIMARY KEY, j jsonb); INSERT INTO t VALUES (E'x', '{}') ON CONFLICT DO NOTHING")
        client.query(r"INSERT INTO t VALUES ('a\'), ('b;')")
        self.assertEqual(client.rows("SELECT count(*) FROM t WHERE a = ANY (ARRAY['x', 'b;'])"), [("2",)])
        self.assertEqual(self.direct("SELECT count(*) FROM pg_namespace WHERE nspname = 'redshift'"), "0")

    def test_faults_there_too(self):
        client = self.connect("postgres")
        client.query("CREATE TABLE t (a int)")
        self.fault("error", sqlstate="40001", message="told", statement_contains="insert")
        self.refused(client, "BEGIN; INSERT INTO t VALUES (1)", "40001", "told")
        client.query("ROLLBACK")
        self.fault("cut_after_commit")
        self.raises("", client.query, "BEGIN; INSERT INTO t VALUES (1); COMMIT")
        self.assertEqual(self.direct("SELECT count(*) FROM t"), "1")

    def test_copy_both_ways(self):
        url = self.stand_in.postgres_url(self.database)
        program = self.server.program("psql")
        self.direct("CREATE TABLE t (a int)")
        rows = "".join(f"{n}\n" for n in range(200_000))
        subprocess.run([program, "-XAtqc", "COPY t FROM STDIN", url], input=rows, text=True, check=True)
        done = subprocess.run([program, "-XAtqc", "COPY (SELECT * FROM t ORDER BY a) TO STDOUT", url], capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stdout, rows)

    def test_megabytes_in_a_message(self):
        client = self.connect()
        client.query("CREATE TABLE t (n INT, a VARCHAR(MAX))")
        client.prepare("p", "INSERT INTO t VALUES " + ",".join(f"(${2 * i + 1}, ${2 * i + 2})" for i in range(200)))
        client.execute("p", [v for i in range(200) for v in (i, "x" * 60_000)])
        row = "(1,'" + "y" * 60_000 + "')"
        client.query("INSERT INTO t VALUES " + ",".join([row] * 200))
        self.assertEqual(client.rows("SELECT count(*), sum(octet_length(a)) FROM t"), [("400", str(400 * 60_000))])
        self.assertEqual(len(client.rows("SELECT a FROM t")), 400)

    def test_cancel(self):
        client = self.connect()
        client.send(message(b"Q", cstring("SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d")))
        wait_for(lambda: self.direct("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_class d' AND state = 'active' "
                                     "AND pid <> pg_backend_pid()") == "1", "the query to run")
        # This client does not keep its key; the server's own way serves to see the error come through.
        self.direct("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_class d' AND pid <> pg_backend_pid()")
        self.assertEqual(client.read_reply().error["C"], "57014")

    def test_a_cancel_request_reaches_the_server(self):
        keys = {}

        class Keeping(Client):
            def read_message(self):
                letter, body = super().read_message()
                if letter == b"K":
                    keys["key"] = body
                return letter, body

        client = Keeping("127.0.0.1", self.stand_in.ports["redshift"], self.server.user, self.database)
        self.addCleanup(client.close)
        client.send(message(b"Q", cstring("SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d")))
        wait_for(lambda: self.direct("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
                                     "AND datname = current_database()") == "1", "the query to run")
        with socket.create_connection(("127.0.0.1", self.stand_in.ports["redshift"])) as other:
            other.sendall(struct.pack("!II", 16, 80877102) + keys["key"])
            self.assertEqual(other.recv(1), b"")
        self.assertEqual(client.read_reply().error["C"], "57014")

    def test_the_server_comes_back(self):
        client = self.connect()
        self.server.kill9()
        with self.assertRaises(WireError) as caught:
            client.query("SELECT 1")
        # A session may still tell that its postmaster is gone (admin_shutdown), or end without a word.
        self.assertIn(caught.exception.sqlstate, ("", "57P01"))
        with self.assertRaises((WireError, OSError)):
            self.connect()
        self.server.start()
        self.connect().query("SELECT 1")

    def test_ssl_is_declined_without_a_certificate(self):
        with socket.create_connection(("127.0.0.1", self.stand_in.ports["redshift"])) as client:
            client.sendall(struct.pack("!II", 8, SSL_REQUEST))
            self.assertEqual(client.recv(1), b"N")


class Programs(ProxyTest):
    def test_with_servers(self):
        script = 'for v in POSTGRES_URL PROXY_URL STANDIN_CONTROL REDSHIFT_URL; do eval "echo \\$TWINSHIFT_TEST_$v"; done; exit 7'
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "with_servers.py"), "--", "sh", "-c", script], capture_output=True,
                              text=True,
                              check=False)
        self.assertEqual(done.returncode, 7, done.stderr)
        postgres, proxy, control, redshift = done.stdout.splitlines()
        self.assertRegex(postgres, r"^postgresql://\w+@127.0.0.1:\d+/postgres$")
        self.assertRegex(proxy, r"^postgresql://\w+@127.0.0.1:\d+/postgres$")
        self.assertRegex(control, r"^127.0.0.1:\d+$")
        self.assertRegex(redshift, r"^redshift://\w+@127.0.0.1:\d+/postgres\?sslmode=disable$")

    def test_nothing_is_left_when_the_maker_is_killed(self):
        script = ("import sys; sys.path.insert(0, sys.argv[1]); from postgres_server import PostgresServer; s = PostgresServer(); "
                  "s.start(); print(s.folder, s.pid(), flush=True); sys.stdin.read()")
        with subprocess.Popen([sys.executable, "-B", "-c", script, HERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as maker:
            folder, pid = maker.stdout.readline().split()
            maker.kill()
        wait_for(lambda: not os.path.exists(folder) and not os.path.exists(f"/proc/{pid}"), "the guard to clean up")

    @unittest.skipUnless(shutil.which("openssl"), "makes its certificate with openssl")
    def test_tls(self):
        folder = tempfile.mkdtemp(prefix="twinshift-tls-")
        self.addCleanup(shutil.rmtree, folder)
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                        "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        with StandIn(self.server, ["--tls-cert", cert, "--tls-key", key]) as stand_in:
            place = f"{self.server.user}@localhost:{stand_in.ports['redshift']}/{self.database}"
            url = f"postgresql://{place}?sslmode=verify-full&sslrootcert={cert}"
            done = subprocess.run([self.server.program("psql"), "-XAtqc", "SELECT version()", url], capture_output=True, text=True,
                                  check=False)
            self.assertIn("Redshift", done.stdout, done.stderr)
            plain = subprocess.run([self.server.program("psql"), "-XAtqc", "SELECT 1", url.replace("localhost", "127.0.0.1")], check=False,
                                   capture_output=True, text=True)
            self.assertIn("certificate", plain.stderr)


if __name__ == "__main__":
    unittest.main()
