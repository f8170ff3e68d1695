"""The translator by itself: no server, no socket."""

import time
import unittest

import redshift_words
from redshift_errors import translate_error
from redshift_sql import refusing_text, translate
from sql_tokens import tokenise


def one(sql, **options):
    statements = translate(sql, **options)
    assert len(statements) == 1, statements
    return statements[0]


def text(sql, **options):
    statement = one(sql, **options)
    assert statement.refusal is None, statement.refusal
    return " ".join(statement.text.split())


class Refusals(unittest.TestCase):
    def refused(self, sql, sqlstate, message):
        refusal = one(sql).refusal
        self.assertIsNotNone(refusal, sql)
        self.assertEqual(refusal.sqlstate, sqlstate, (sql, refusal))
        self.assertIn(message, refusal.message, sql)

    def test_what_redshift_cannot_parse(self):
        for sql, near in [("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "ON"), ("INSERT INTO t VALUES (1) RETURNING a", "RETURNING"),
                          ("UPDATE t SET a = 1 returning a", "returning"), ("SELECT * FROM (VALUES (1), (2)) v(a)", "VALUES"),
                          ("VALUES (1)", "VALUES"), ("SELECT a FROM t WHERE a IN (VALUES (1))", "VALUES"),
                          ("SELECT * FROM t, LATERAL (SELECT 1) x", "LATERAL"), ("COPY t TO STDOUT", "TO"), ("SELECT ARRAY[1, 2]", "["),
                          ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "INSERT"),
                          ("ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int", ","),
                          ("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "NOT"), ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", "ON"),
                          ("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)", "ALWAYS"), ("LOCK t IN SHARE MODE", "IN"),
                          ("CREATE TABLE t (a int) WITH (fillfactor = 70)", "WITH"), ("SELECT count(*) FILTER (WHERE a > 1) FROM t", "("),
                          ("MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)", ""), ("TRUNCATE a, b", ",")]:
            with self.subTest(sql):
                self.refused(sql, "42601", f'syntax error at or near "{near}' if near else "syntax error")

    def test_what_it_has_not(self):
        for sql, state, message in [
                ("COPY t FROM STDIN", "0A000", "LOAD source is not supported"),
                                    ("copy t (a) from stdin (format binary)", "0A000", "LOAD source"),
                ("CREATE UNIQUE INDEX i ON t (a)", "0A000", 'SQL command "CREATE UNIQUE INDEX i'),
                                    ("CREATE SEQUENCE s", "0A000", "SQL command"),
                ("CREATE TRIGGER t AFTER INSERT ON t EXECUTE FUNCTION f()", "0A000", "SQL command"),
                                    ("SAVEPOINT x", "0A000", "SQL command"),
                ("CREATE EXTENSION pgcrypto", "0A000", "SQL command"), ("CREATE TYPE x AS (a int)", "0A000", "SQL command"),
                ("CREATE DOMAIN d AS int", "0A000", "SQL command"), ("SELECT pg_advisory_xact_lock(1)", "42883", "pg_advisory_xact_lock"),
                ("SELECT pg_try_advisory_lock(1)", "42883", "does not exist"),
                                    ("SELECT a ->> 'b' FROM t", "42883", "operator does not exist: ->>"),
                ("SELECT a::jsonb FROM t", "42704", 'type "jsonb" does not exist'),
                                    ("SELECT CAST(a AS json) FROM t", "42704", 'type "json"'),
                ("CREATE TABLE t (a jsonb)", "42704", 'type "jsonb"'),
                                    ("CREATE TABLE t (a TEXT[])", "0A000", 'Column "t.a" has unsupported type "text[]"'),
                ("CREATE TABLE t (id BIGSERIAL)", "0A000", 'unsupported type "bigserial"'), ("SELECT 1 FOR UPDATE", "0A000", "FOR UPDATE"),
                ("INSERT INTO t VALUES ((SELECT 1))", "0A000", "Subqueries"), ("SELECT E'a\\n'", "42704", 'type "e" does not exist'),
                ("SELECT DISTINCT ON (a) a FROM t", "0A000", "DISTINCT ON"), ("SELECT to_regclass('t')", "42883", "to_regclass"),
                ("ALTER TABLE t ADD COLUMN a int NOT NULL", "0A000", "must have a non-null default"),
                                    ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", "0A000", ""),
                ("ALTER TABLE t ALTER COLUMN a TYPE bigint", "0A000", "cannot alter type"),
                                    ("CREATE TABLE t (a int CHECK (a > 0))", "0A000", "CHECK constraint"),
                ("CREATE TABLE t (a VARCHAR(65536))", "22023", "cannot exceed 65535"),
                                    ("CREATE TABLE t (a DECIMAL(39,0))", "22023", "precision")]:
            with self.subTest(sql):
                self.refused(sql, state, message)

    def test_settings(self):
        for name in ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "standard_conforming_strings",
                     "work_mem"):
            self.refused(f"SET {name} = 'x'", "42704", f'unrecognized configuration parameter "{name}"')
            self.refused(f"SET LOCAL {name} TO 1", "42704", name)
        self.assertEqual(text("SET statement_timeout TO 5000"), "SET statement_timeout TO 5000")
        self.assertEqual(text("set enable_case_sensitive_identifier = true"), "set redshift.enable_case_sensitive_identifier = true")
        self.assertEqual(one("set enable_case_sensitive_identifier = true").setting, ("enable_case_sensitive_identifier", "true"))

    def test_sizes(self):
        self.refused("INSERT INTO t VALUES ('" + "x" * 65536 + "')", "XX000", "65535 bytes")
        self.refused("SELECT '" + "x" * 65536 + "'", "XX000", "65535 bytes")
        self.refused("SELECT '" + "é" * 40000 + "'", "XX000", "65535 bytes")  # bytes, not characters
        self.assertIsNone(one("SELECT '" + "x" * 65535 + "'").refusal)
        self.refused("SELECT 1 -- " + "x" * redshift_words.STATEMENT_BYTES_MAX, "54000", "Maximum Allowed: 16777216 bytes")

    def test_words_within_literals_comments_and_names_are_none(self):
        for sql in ["SELECT 'ON CONFLICT RETURNING -- /* ;'", "SELECT 1 -- RETURNING ; FOR UPDATE",
                    "SELECT /* ; /* VALUES */ RETURNING */ 1",
                    'SELECT "returning", "on conflict" FROM t', "SELECT 'it''s; COPY t FROM STDIN'", r"SELECT 'it\'s; VALUES (1)'",
                    "SELECT $$ ; RETURNING $$",
                    "SELECT t.values FROM t", "SELECT a AS json, (b) AS uuid FROM t", "SELECT (SELECT 1 AS jsonb)"]:
            with self.subTest(sql):
                self.assertIsNone(one(sql).refusal)

    def test_a_refusal_as_a_statement_quotes_its_message(self):
        refusal = redshift_words.Refusal("42601", "it's a \\ $redshift$ message")
        kinds = [t.kind for t in tokenise(refusing_text(refusal))]
        self.assertEqual(kinds, ["word", "dollar"])


class Translations(unittest.TestCase):
    def test_create_table(self):
        statement = one("""CREATE TABLE IF NOT EXISTS "Apps".events (
            event_id VARCHAR(64) NOT NULL ENCODE zstd, note TEXT, wide VARCHAR(MAX) DEFAULT 'a,b', code CHAR(3),
            price DECIMAL(18,6) DISTKEY, extra SUPER, at TIMESTAMP DEFAULT GETDATE(), PRIMARY KEY (event_id), UNIQUE (note))
            COMPOUND SORTKEY (at, note) BACKUP NO""")
        self.assertIsNone(statement.refusal)
        for gone in ("PRIMARY", "UNIQUE", "DISTKEY", "SORTKEY", "BACKUP", "zstd", "TEXT"):
            self.assertNotIn(gone, statement.text)
        for there in ('"apps".events', "event_id varchar(64) NOT NULL", "note varchar(256)", "wide varchar(65535) DEFAULT 'a,b'",
                      "code char(3)", "extra redshift.super"):
            self.assertIn(there, statement.text)
        hidden = bytes.fromhex(statement.text.split("/*redshift:")[1].split("*/")[0]).decode()
        self.assertIn('"sortkey": ["at", "note"]', hidden)
        self.assertIn('"distkey": "price"', hidden)

    def test_constraints_first_or_alone_leave_no_comma_behind(self):
        self.assertEqual(text("CREATE TABLE t (UNIQUE (a), a INT, PRIMARY KEY (a), b INT REFERENCES o (x))").replace(" ,", ","),
                         "CREATE TABLE t ( a INT NOT NULL, b INT )")

    def test_alter_table(self):
        self.assertEqual(text("ALTER TABLE s.t ADD COLUMN a VARCHAR(9) DEFAULT 'x'"), "ALTER TABLE s.t ADD COLUMN a varchar(9) DEFAULT 'x'")
        widened = one("ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(500)")
        self.assertTrue(widened.outside_transaction)
        self.assertEqual(widened.text, "ALTER TABLE t ALTER COLUMN a TYPE varchar(500)")
        self.assertEqual(text('ALTER TABLE "S".t ADD PRIMARY KEY (a)'), 'ALTER TABLE "s"."t" SET WITHOUT CLUSTER')

    def test_transactions(self):
        for sql, kind in [("BEGIN", "begin"), ("START TRANSACTION", "begin"), ("COMMIT", "commit"), ("END WORK", "commit"),
                          ("ROLLBACK", "rollback"),
                          ("TRUNCATE TABLE t", "truncate")]:
            self.assertEqual(one(sql).kind, kind)
        self.assertEqual(text("BEGIN ISOLATION LEVEL SERIALIZABLE"), "BEGIN")
        self.assertEqual(text("START TRANSACTION ISOLATION LEVEL READ COMMITTED"), "START TRANSACTION")

    def test_functions(self):
        self.assertEqual(text("SELECT version(), pg_catalog.version()"), "SELECT redshift.version(), redshift.version()")
        self.assertEqual(text("SELECT SYSDATE, NVL(a, 1), GETDATE()"), "SELECT redshift.sysdate(), coalesce(a, 1), GETDATE()")
        self.assertEqual(text("SELECT DATEDIFF(hrs, a, b), DATEADD(d, 1, a)"),
                         "SELECT redshift.datediff('hour', a, b), redshift.dateadd('day', 1, a)")

    def test_names_fold_even_in_quotes(self):
        self.assertEqual(one('SELECT "ÄB"').text.encode("latin-1").decode(), 'SELECT "Äb"')
        self.assertEqual(text('SELECT "Name" FROM "T"'), 'SELECT "name" FROM "t"')
        self.assertEqual(text('SELECT "Name" FROM "T"', case_sensitive=True), 'SELECT "Name" FROM "T"')

    def test_many_statements(self):
        kinds = [s.kind for s in translate("BEGIN; LOCK t; ; INSERT INTO t SELECT 1; COMMIT;")]
        self.assertEqual(kinds, ["begin", "other", "insert", "commit"])
        self.assertEqual(translate("  ; -- nothing\n"), [])

    def test_what_no_lexer_takes_goes_to_the_server_whole(self):
        for sql in ["SELECT 'open; DROP TABLE t", "SELECT /* open", 'SELECT "open', "SELECT $a$ open $b$"]:
            self.assertEqual(one(sql).text, sql)

    def test_megabytes_of_literals(self):
        row = "(" + ",".join([r"'it''s \\ a literal'"] * 100 + ["NULL", "12.5"] * 13) + ")"
        rows = (redshift_words.STATEMENT_BYTES_MAX - 100) // (len(row) + 1)
        sql = "INSERT INTO t VALUES " + ",".join([row] * rows)
        began = time.process_time()
        self.assertEqual(one(sql).text, sql)
        self.assertLess(time.process_time() - began, 30)  # about one second; a lexer that looks back would take hours


class Errors(unittest.TestCase):
    def test_byte_widths(self):
        fields = translate_error({"S": "ERROR", "C": "23514", "M": "value for domain ...", "n": "rs_varchar_9", "P": "7"})
        self.assertEqual(fields, {"S": "ERROR", "C": "22001", "M": "value too long for type character varying(9)"})

    def test_conflict(self):
        fields = translate_error({"S": "ERROR", "C": "40001", "M": "could not serialize access due to concurrent update"})
        self.assertEqual((fields["C"], fields["M"]), ("XX000", "1023"))
        self.assertIn("Serializable isolation violation on table", fields["D"])

    def test_json(self):
        self.assertEqual(translate_error({"C": "22P02", "M": "invalid input syntax for type json", "D": "secret"}),
                         {"C": "XX000", "M": "Invalid JSON"})
        self.assertEqual(translate_error({"C": "22P02", "M": "invalid input syntax for type integer"})["C"], "22P02")


if __name__ == "__main__":
    unittest.main()
