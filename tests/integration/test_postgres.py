"""Two PostgreSQL servers as warehouses: the guide's steps, hostile events, servers that stop, are killed or refuse us."""

import json
import os
import unittest

from harness import GUIDE_EVENT, wait_until
from sender import Sender
from servers import TABLE, PostgresServer, PostgresTest, Service

PASSWORD = "correct horse battery staple"


class Guide(PostgresTest):
    def test_steps_5_2_to_5_4(self):
        service = self.start(self.urls())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        for target in ("primary", "secondary"):
            line = service.wait_log(lambda l, t=target: l.get("msg") == f"Data successfully inserted into {t} PostgreSQL")
            self.assertEqual((line["target"], line["rows"]), (target, 1))
            self.assertTrue(line["statementId"])
        both = self.run_command("query", f"SELECT * FROM {TABLE} WHERE appsflyer_id = 'test-123' ORDER BY event_time DESC LIMIT 1", settings=self.urls())
        self.assertEqual(both.returncode, 0, both.stdout + both.stderr)
        self.assertIn("test_dual_write", both.stdout)
        self.assertEqual(service.stop(), 0)

    def test_the_same_event_again_stands_once(self):
        service = self.start(self.urls())
        for _ in range(3):
            self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        names = [f"n{i}" for i in range(50)]
        for name in names:
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name)).status, 200)
        self.wait_each_once(["test-123", *names])
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: self.psql(t, "SELECT sum(sent), sum(inserted), sum(duplicate) FROM twinshift_loads") == "53|51|2",
                       f"the markers of {target}")

    def test_an_sqlite_primary_and_a_postgres_secondary(self):
        settings = self.urls()
        settings["PRIMARY_WAREHOUSE_URL"] = "sqlite:./primary.db"
        service = self.start(settings)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"], ("secondary",))
        columns = "event_id, event_key, event_at, event_name, customer_user_id"
        both = self.run_command("query", f"SELECT {columns} FROM {TABLE}", settings=settings)
        self.assertEqual(both.returncode, 0, both.stdout + both.stderr)


class Hostile(PostgresTest):
    EVENTS = [
        '{"appsflyer_id":"nul","campaign":"a\\u0000b","x":"\\u0000"}',
        '{"appsflyer_id":"lone","campaign":"\\ud800","\\udfff":1}',
        '{"appsflyer_id":"numbers","event_revenue_usd":1e999,"af_cost_value":123456789012345678901234567890.123456789,"x":9007199254740993}',
        '{"appsflyer_id":"dates","event_time":"2024-02-30 00:00:00","install_time":"0000-00-00 00:00:00","gp_click_time":"0001-01-01 00:00:00"}',
        '{"appsflyer_id":"late","event_time":"9999-12-31 23:59:59.999999"}',
        json.dumps({"appsflyer_id": "sql", "campaign": "'); DROP TABLE appsflyer_events; --", "event_value": "\\'; SELECT 1; --"}),
        json.dumps({"appsflyer_id": "bytes", "country_code": "\U0001f600" * 3, "campaign": "\u00e9" * 2049}, ensure_ascii=False),
        '{"appsflyer_id":"twice","appsflyer_id":"again","a":{"b":1,"b":2}}',
        '{"appsflyer_id":"deep","x":' + "[" * 10_000 + "]" * 10_000 + "}",
        json.dumps({"appsflyer_id": "large", "campaign": "x" * 70_000}),
        json.dumps({"appsflyer_id": "larger", "unknown": "y" * 300_000}),
        json.dumps({"appsflyer_id": "largest", "event_value": "z" * (1_048_576 - 60)}),
        '{"appsflyer_id":"value","event_value":"{\\"b\\" : 1.50, \\"a\\":[1e2]}"}',
    ]

    def test_every_event_lands_on_both_sides_equal(self):
        service = self.start(self.urls())
        for body in self.EVENTS:
            self.assertEqual(service.post(body).status, 200, body[:60])
        wanted = len(self.EVENTS)
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: sum(self.landed(t).values()) >= wanted, f"{wanted} events in {target}")
        both = self.run_command("query", f"SELECT * FROM {TABLE} ORDER BY event_id", "--format", "json", settings=self.urls())
        # `loaded_at` is each server's own clock; everything else is the same.
        columns = self.psql("primary", "SELECT string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position) FROM information_schema.columns "
                            f"WHERE table_name = '{TABLE}' AND column_name <> 'loaded_at'")
        digest = f"SELECT count(*), md5(string_agg(md5(row_to_json(r)::text), '' ORDER BY event_id)) FROM (SELECT {columns} FROM {TABLE}) r"
        self.assertEqual(self.psql("primary", digest), self.psql("secondary", digest))
        self.assertIn(both.returncode, (0, 3), both.stderr)
        for target in ("primary", "secondary"):
            # `extra` can be asked, whatever is in it.
            self.assertEqual(self.psql(target, f"SELECT count(*) FROM {TABLE} WHERE extra ? '$event' OR extra->>'x' IS NOT NULL") > "0", True)
            # Exactly as sent, though JSON and not text.
            self.assertEqual(self.psql(target, f"SELECT event_value FROM {TABLE} WHERE appsflyer_id = 'value'"), '{"b" : 1.50, "a":[1e2]}')


class Trouble(PostgresTest):
    def test_a_stopped_secondary_leaves_the_primary_alone(self):
        service = self.start(self.urls())
        sender = Sender(service, "s")
        sender.wait_acknowledged(50)
        service.wait_log(lambda l: l.get("msg") == "Data successfully inserted into secondary PostgreSQL")
        self.servers["secondary"].stop()
        before = len(sender.acknowledged)
        sender.wait_acknowledged(before + 200)
        service.wait_log(lambda l: l.get("msg") == "Failed to insert data into secondary PostgreSQL")
        reached = set(sender.acknowledged)
        self.wait_each_once(reached, ("primary",))
        self.assertEqual(service.request("GET", "/ready").status, 200)
        self.servers["secondary"].start()
        sender.wait_acknowledged(len(sender.acknowledged) + 50)
        names = sender.stop()
        self.assertEqual(set(sender.statuses), {200})
        self.wait_each_once(names)
        self.assertEqual(service.stop(), 0)

    def test_kill_9_of_service_and_servers_under_load(self):
        names = []
        for round_number, victims in enumerate((("service",), ("primary",), ("secondary",), ("primary", "secondary", "service"))):
            service = self.start(self.urls())
            sender = Sender(service, f"r{round_number}")
            sender.wait_acknowledged(100)
            for victim in victims:
                if victim == "service":
                    service.kill()
                else:
                    self.servers[victim].kill9()
            if "service" not in victims:
                sender.wait_acknowledged(len(sender.acknowledged) + 50)
            names += sender.stop()
            for server in self.servers.values():
                if not server.running():
                    server.start()
            service.kill()
        service = self.start(self.urls())
        self.wait_each_once(names)
        self.assertEqual(service.stop(), 0)

    def test_a_dropped_column_harms_nothing_but_itself(self):
        service = self.start(self.urls())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"])
        self.psql("primary", f"ALTER TABLE {TABLE} DROP COLUMN campaign")
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="after", campaign="c")).status, 200)
        # It is our own table, so the column is added again.
        self.wait_each_once(["test-123", "after"])
        self.assertEqual(self.psql("primary", f"SELECT campaign FROM {TABLE} WHERE appsflyer_id = 'after'"), "c")

    def test_a_table_changed_while_serving_changes_no_value(self):
        service = self.start(self.urls())
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before", postal_code="1009")).status, 200)
        self.wait_each_once(["before"])
        changes = {"type": "ALTER COLUMN postal_code TYPE integer USING postal_code::integer", "places": "ALTER COLUMN event_revenue TYPE numeric(18,2)",
                   "width": "ALTER COLUMN campaign TYPE varchar(5) USING left(campaign, 5)"}
        for name, change in changes.items():
            self.psql("primary", f"ALTER TABLE {TABLE} {change}")
            sent = dict(GUIDE_EVENT, appsflyer_id=name, postal_code="1010", event_revenue="12.3456", campaign="longer than five")
            self.assertEqual(service.post(sent).status, 200)
            self.wait_each_once([name])
        row = f"postal_code, round(event_revenue, 2), campaign, extra->>'event_revenue', extra->>'campaign' FROM {TABLE} WHERE appsflyer_id = 'width'"
        # A number is another spelling of the text, so the text stands in extra too; nothing is another value.
        self.assertEqual(self.psql("primary", f"SELECT {row}"), "|12.35|longe|12.3456|longer than five")
        self.assertEqual(self.psql("primary", f"SELECT extra->>'postal_code' FROM {TABLE} WHERE appsflyer_id = 'width'"), "1010")
        self.assertEqual(self.psql("secondary", f"SELECT {row}"), "1010|12.35|longer than five||")

    def test_a_table_swapped_while_serving_doubles_nothing(self):
        service = self.start(self.urls())
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="before")).status, 200)
        self.wait_each_once(["before"])
        self.psql("primary", f"BEGIN; ALTER TABLE {TABLE} RENAME TO old; CREATE TABLE {TABLE} (LIKE old INCLUDING DEFAULTS); COMMIT")
        for _ in range(3):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="same")).status, 200)
        self.wait_each_once(["same"])
        index = self.psql("primary", f"SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '{TABLE}'::regclass AND indisunique")
        self.psql("primary", f"DROP INDEX {index}")
        for _ in range(3):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="again")).status, 200)
        self.wait_each_once(["same", "again"])

    def test_two_starts_at_once_make_one_table(self):
        settings = self.urls()
        folders = [self.folder, os.path.join(self.folder, "other")]
        os.mkdir(folders[1])
        services = [Service(folder, settings) for folder in folders]
        self.services += services
        for number, service in enumerate(services):
            service.wait_started()
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"from-{number}")).status, 200)
        self.wait_each_once(["from-0", "from-1"])
        for service in services:
            self.assertEqual(service.stop(), 0)
            self.assertEqual([l for l in service.lines if l.get("level") in ("error", "fatal")], [])

    def test_a_type_in_the_place_of_the_table_is_named(self):
        self.psql("primary", f"CREATE TYPE {TABLE} AS ENUM ('a')")
        service = self.start(self.urls())
        service.wait_log(lambda l: "a type of its name stands in its place" in l.get("error", ""))
        self.psql("primary", f"DROP TYPE {TABLE}")
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="after")).status, 200)
        self.wait_each_once(["after"])

    def test_a_database_of_another_encoding_is_refused(self):
        self.psql("primary", f"CREATE DATABASE {self.database}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        service = self.start(self.urls(PRIMARY_WAREHOUSE_URL=self.servers["primary"].url(f"{self.database}_latin")))
        line = service.wait_log(lambda l: "encoding is not UTF8" in l.get("error", ""))
        self.assertEqual((line["target"], line["errorKind"]), ("primary", "conflict"))

    def test_two_targets_need_two_tables(self):
        same = self.run_command("config", settings=self.urls(SECONDARY_WAREHOUSE_URL=self.urls()["PRIMARY_WAREHOUSE_URL"]))
        self.assertEqual(same.returncode, 2)
        self.assertIn("the same table", same.stderr)

    def test_the_reason_is_told_without_the_password(self):
        server = PostgresServer(password=PASSWORD)
        self.addCleanup(server.remove)
        server.start()
        server.create_database(self.database)
        url = f"postgresql://{server.user}:wrong-{PASSWORD.replace(' ', '%20')}@127.0.0.1:{server.port}/{self.database}"
        service = self.start(self.urls(PRIMARY_WAREHOUSE_URL=url))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        line = service.wait_log(lambda l: "password authentication failed" in json.dumps(l))
        self.assertEqual(line["target"], "primary")
        ready = service.request("GET", "/ready")
        self.assertEqual(ready.status, 503)
        self.assertIn(b"primary", ready.body)
        self.assertEqual(service.stop(), 0)
        self.assertNotIn(b"horse", b"".join(service.raw))
        # The password in a file of its own, and the event that waited lands.
        with open(f"{self.folder}/password", "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        url = f"postgresql://{server.user}@127.0.0.1:{server.port}/{self.database}"
        service = self.start(self.urls(PRIMARY_WAREHOUSE_URL=url, PRIMARY_WAREHOUSE_PASSWORD_FILE=f"{self.folder}/password"))
        wait_until(lambda: server.psql(f"SELECT to_regclass('{TABLE}') IS NOT NULL", self.database) == "t", "the table in the primary")
        wait_until(lambda: server.psql(f"SELECT count(*) FROM {TABLE}", self.database) == "1", "the event in the primary")
        self.assertEqual(service.stop(), 0)

    def test_redshift_is_not_postgresql(self):
        settings = self.urls()
        settings["SECONDARY_WAREHOUSE_URL"] = settings["SECONDARY_WAREHOUSE_URL"].replace("postgresql:", "redshift:") + "?sslmode=disable"
        service = self.start(settings)
        line = service.wait_log(lambda l: "the server is not Redshift" in json.dumps(l))
        self.assertIn("postgresql://", json.dumps(line))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"], ("primary",))


if __name__ == "__main__":
    unittest.main()
