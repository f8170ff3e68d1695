"""`twinshift doctor`: sound set-ups give no alarm; each wrong one is named by exactly the checks that it concerns, and by nothing else."""

import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import sqlite3
import time
import unittest

from doctor import ISSUES, PASSWORD, Doctor
from harness import GUIDE_EVENT, PATIENCE_SECONDS
from servers import TABLE, LimitedUserTest, PostgresServer, PostgresTest, RedshiftTest, free_port
from silent_hosts import black_hole, unreachable

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Embedded(Doctor):
    def test_a_sound_one_before_during_and_after_a_service(self):
        begin = time.monotonic()
        self.expect({}, {})
        self.assertLess(time.monotonic() - begin, 1 if os.environ.get("TWINSHIFT_TEST_PATIENCE") is None else PATIENCE_SECONDS)
        self.assertEqual(os.listdir(self.folder), [], "nothing was made")
        service = self.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        self.expect({}, {})
        self.assertEqual(self.state("primary.rights"), "skipped", "nothing is tried beside a service")
        self.assertEqual(service.stop(), 0)
        self.expect({}, {})
        self.assertEqual(self.state("primary.rights"), "ok")
        self.assertEqual(service.count("primary"), 1)

    def test_the_text_has_a_line_a_check_and_no_colours(self):
        done = self.ask({"DISK_RESERVE": str(shutil.disk_usage(self.folder).free * 2)})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^fail    machine    disk            \d+ [GM]B free")
        self.assertRegex(done.stdout, r"(?m)^        -> mend: Free space")
        self.assertRegex(done.stdout, r"(?m)^fail: \d+ ok, ")
        self.assertNotIn("\x1b", done.stdout)

    def test_configuration_that_cannot_be_read(self):
        for settings, words in (({"PORT": "many", "BATCH_ROWS_MAX": "-1"}, ("PORT", "BATCH_ROWS_MAX")),
                                ({"SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER": "c", "SECONDARY_REDSHIFT_DATABASE": "d"}, ("no primary is configured",)),
                                ({"PORT": "many", "WEBHOOK_ALLOW": "nowhere", "TLS_KEY_FILE": "k"}, ("3 faults", "PORT", "WEBHOOK_ALLOW", "TLS_CERT_FILE")),
                                ({"REDSHIFT_CLUSTER_IDENTIFIER": "c", "REDSHIFT_DATABASE": ""}, ("REDSHIFT_DATABASE is not",)),
                                ({"PRIMARY_WAREHOUSE_URL": "sqlite:one.db", "SECONDARY_WAREHOUSE_URL": "sqlite:one.db"}, ("same SQLite file",))):
            with self.subTest(words):
                done = self.ask(settings, "--json")
                self.assertEqual(done.returncode, 2)
                told = json.loads(done.stdout)
                self.assertEqual((told["verdict"], [c["id"] for c in told["checks"]]), ("fail", ["configuration"]))
                for word in words:
                    self.assertIn(word, told["checks"][0]["what"])
                    self.assertIn(word, done.stderr)

    def test_a_setting_that_is_misspelt(self):
        self.expect({"BATCH_ROW_MAX": "5"}, {"settings.configuration": ("warn", "BATCH_ROW_MAX", "BATCH_ROWS_MAX")})

    def test_the_data_folder(self):
        pathlib.Path(self.folder, "file").write_text("not a folder", encoding="utf-8")
        self.expect({"TWINSHIFT_DATA_DIR": "./file/data"}, {"machine.data-folder": ("fail", "TWINSHIFT_DATA_DIR")})
        self.expect({"TWINSHIFT_DATA_DIR": "/proc/twinshift"}, {"machine.data-folder": ("fail", "/proc cannot be written")})
        self.assertEqual((self.state("machine.disk"), self.what("machine.disk")), ("skipped", "needs `data-folder`"))
        os.mkdir(os.path.join(self.folder, "open"), 0o755)
        self.expect({"TWINSHIFT_DATA_DIR": "./open"}, {"machine.data-folder": ("warn", "0755", "chmod 700")})

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_the_data_folder_of_somebody_else(self):
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, "data"), 0o700)
        os.mkdir(os.path.join(self.folder, "home"), 0o755)
        nobody = 65534
        self.expect({}, {"machine.data-folder": ("fail", "Permission denied", "chown")}, preexec=lambda: os.setuid(nobody))

    def test_the_disk(self):
        free = shutil.disk_usage(self.folder).free
        self.expect({"DISK_RESERVE": str(free * 2)}, {"machine.disk": ("fail", "503", "DISK_RESERVE")})
        self.expect({"DISK_RESERVE": str(free * 3 // 4)}, {"machine.disk": ("warn", "TWINSHIFT_DATA_DIR")})

    def test_open_files(self):
        for limit, state in ((200, "fail"), (1024, "warn")):
            self.expect({}, {"machine.open-files": (state, str(limit), "LimitNOFILE=")},
                        preexec=lambda most=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))

    def test_ports(self):
        with socket.create_server(("127.0.0.1", free_port())) as foreign:
            port = str(foreign.getsockname()[1])
            taken = ("fail", "already in use", f"ss -ltnp 'sport = :{port}'", "exit code 4")
            self.expect({"PORT": port}, {"machine.port": (*taken, "set PORT")})
            self.expect({"ADMIN_PORT": port}, {"machine.admin-port": (*taken, "set ADMIN_PORT")})
            # Beside a service of this data folder the port is the service's own.
            service = self.start()
            self.expect({"PORT": port}, {})
            self.assertIn("a service runs", self.what("machine.port"))
            self.assertEqual(service.stop(), 0)
        self.expect({"PORT": port, "ADMIN_PORT": "0"}, {})
        self.expect({"HOST": "192.0.2.1", "WEBHOOK_ALLOW": "appsflyer"}, {"machine.port": ("fail", "does not have this address", "Set HOST")})
        self.expect({"ADMIN_HOST": "no-such-host.invalid", "ADMIN_PORT": port}, {"machine.admin-port": ("fail", "host is not known", "Set ADMIN_HOST")})

    def test_who_may_post(self):
        for host in ("0.0.0.0", "::", ""):  # unset: the program's own default
            self.expect({"HOST": host}, {"machine.webhook-door": ("warn", "anyone", "WEBHOOK_TOKENS", "HOST=127.0.0.1")})
        missing = ("fail", "tokens.txt", "WEBHOOK_TOKENS_FILE")
        self.expect({"WEBHOOK_TOKENS_FILE": "tokens.txt"}, {"machine.webhook-door": missing})
        pathlib.Path(self.folder, "tokens.txt").write_text(PASSWORD + "+\n", encoding="utf-8")
        self.expect({"WEBHOOK_TOKENS_FILE": "tokens.txt"}, {"machine.webhook-door": ("fail", "tokens.txt")})
        pathlib.Path(self.folder, "tokens.txt").write_text("a" * 40 + "\n", encoding="utf-8")
        for settings in ({"WEBHOOK_TOKENS": "a" * 40}, {"WEBHOOK_ALLOW": "appsflyer"}, {"WEBHOOK_TOKENS_FILE": "tokens.txt"}):
            self.expect({"HOST": "0.0.0.0", **settings}, {})

    def test_a_view_and_a_damaged_file_in_place_of_a_table(self):
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "p.db"))) as file:
            file.executescript(f"CREATE TABLE t (a); CREATE VIEW {TABLE} AS SELECT * FROM t")
        pathlib.Path(self.folder, "s.db").write_bytes(b"no database, but something else of some length\n" * 100)
        self.expect({"PRIMARY_WAREHOUSE_URL": "sqlite:p.db", "SECONDARY_WAREHOUSE_URL": "sqlite:s.db"},
                    {"primary.table": ("fail", "view"), "secondary.table": ("fail", "s.db")})

    def test_a_table_that_no_lane_can_use(self):
        service = self.start()
        for number in range(2):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"d{number}")).status, 200)
        service.wait_landed(2)
        self.change("primary", f"DROP INDEX {TABLE}_event_id")
        self.expect({}, {"primary.table": ("warn", "is not unique", "CREATE UNIQUE INDEX")})
        self.change("primary", f"INSERT INTO {TABLE} SELECT * FROM {TABLE} LIMIT 1")
        self.expect({}, {"primary.table": ("fail", "event_id stands more than once", "twinshift repair --apply")})

    def test_a_table_that_was_dropped_beside_the_service(self):
        service = self.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        self.change("secondary", f"DROP TABLE {TABLE}")
        self.expect({}, {"secondary.table": ("fail", "though the service runs", "twinshift rebuild --target secondary --apply")}, issues=ISSUES[2:])
        self.assertEqual(service.stop(), 0)
        self.expect({}, {})

    def change(self, target, sql):
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "data", f"{target}.db"), timeout=PATIENCE_SECONDS)) as file, file:
            file.execute(sql)

    def test_the_page_lists_every_check(self):
        listed = [line.split()[0] for line in self.ask({}, "--list").stdout.splitlines()]
        page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"(?m)^\| `([a-z][a-z-]*)` \|", page), listed)
        for issue in ISSUES:
            self.assertIn(issue, page)


class Postgres(Doctor, PostgresTest):
    def wrong(self, url):
        """The settings with a secondary that is elsewhere."""
        return self.urls(SECONDARY_WAREHOUSE_URL=url)

    def at(self, port, more="", host="127.0.0.1"):
        return f"postgresql://{self.servers['secondary'].user}@{host}:{port}/{self.database}{more}"

    def apply(self, settings):
        for target in ("primary", "secondary"):
            done = self.run_command("schema", "--apply", "--target", target, settings=settings)
            self.assertEqual(done.returncode, 0, done.stderr)

    def tables(self, target):
        return self.psql(target, "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relname LIKE 'twinshift%' OR relname LIKE 'apps%'")

    def test_a_sound_one(self):
        self.expect(self.urls(), {})
        self.assertEqual(self.tables("primary"), "", "nothing stays")
        self.apply(self.urls())
        before = self.tables("primary")
        self.expect(self.urls(), {})
        self.assertEqual((self.tables("primary"), self.psql("primary", f"SELECT count(*) FROM {TABLE}")), (before, "0"))
        self.assertEqual(self.state("both.separate"), "ok")
        self.assertEqual(self.state("both.parity"), "ok")
        self.expect(self.urls(), {}, "--target", "secondary")
        self.assertNotIn("primary", {c["about"] for c in self.told["checks"]})

    def test_ways_that_lead_nowhere(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.expect(self.wrong(self.at(closed.getsockname()[1])), {"secondary.connect": ("fail", "refuses connections", "port")}, issues=ISSUES[2:])
        self.expect(self.wrong(self.at(5432, host="no-such-host.invalid")), {"secondary.resolve": ("fail",)}, issues=ISSUES[2:])
        self.expect(self.wrong(self.at(self.servers["secondary"].port, "?sslmode=require")), {"secondary.tls": ("fail", "sslmode")}, issues=ISSUES[2:])
        self.expect(self.urls(SECONDARY_WAREHOUSE_PASSWORD_FILE="no-such-file"), {"secondary.endpoint": ("fail", "password file")}, issues=ISSUES[2:])

    def test_black_holes_end_within_their_limit_and_are_named(self):
        with unreachable() as url, black_hole() as (silent, _):
            for where, check in ((url, "secondary.connect"), (silent, "secondary.tls")):
                begin = time.monotonic()
                self.expect(self.wrong(self.at(where.rsplit(":", 1)[1])), {check: ("fail", "Connection timeout when connecting to secondary PostgreSQL")},
                            issues=(ISSUES[0], ISSUES[2]))
                self.assertLess(time.monotonic() - begin, 12)
            # Given up by --timeout, before the check's own limit: the same name.
            self.expect(self.wrong(self.at(silent.rsplit(":", 1)[1])), {"secondary.tls": ("fail", "Connection timeout when connecting to secondary PostgreSQL")},
                        "--timeout", "1s", issues=(ISSUES[0], ISSUES[2]))
            # One that only hangs at the login: nothing but the doctor's own limit ends it, and the process all the same.
            self.expect(self.wrong(self.at(silent.rsplit(":", 1)[1], "?sslmode=disable")),
                        {"secondary.login": ("fail", "did not answer within 2 s", "--timeout")}, "--timeout", "2s", issues=ISSUES[2:])

    def test_logins_that_are_refused(self):
        self.expect(self.wrong(self.servers["secondary"].url("no_such_database")), {"secondary.login": ("fail", "no_such_database", "CREATE DATABASE")},
                    issues=ISSUES[2:])
        self.expect(self.wrong(self.at(self.servers["secondary"].port).replace("twinshift@", "nobody_there@")),
                    {"secondary.login": ("fail", "nobody_there", "Create the user")}, issues=ISSUES[2:])

    def test_a_database_that_takes_nobody(self):
        server, name = self.servers["secondary"], f"{self.database}_shut"
        server.create_database(name)
        server.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", "postgres")
        self.expect(self.wrong(server.url(name)), {"secondary.login": ("fail", "closed to everybody", "ALLOW_CONNECTIONS true")}, issues=ISSUES[2:])

    def test_a_wrong_password(self):
        with PostgresServer(password="right") as server:
            url = server.url().replace(":right@", f":{PASSWORD}@")
            self.expect(self.wrong(url), {"secondary.login": ("fail", "password", "SECONDARY_WAREHOUSE_PASSWORD_FILE")}, issues=ISSUES[2:])

    def test_tables_that_are_not_as_they_should_be(self):
        self.apply(self.urls())
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP COLUMN campaign")
        self.expect(self.urls(), {"secondary.table": ("warn", "campaign", "--apply")})
        self.apply(self.urls())
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD COLUMN of_somebody TEXT")
        self.expect(self.urls(), {"both.parity": ("warn", "of_somebody", "schema --diff")})
        twice = f"INSERT INTO {TABLE} (event_id, event_at) VALUES ('{'a' * 32}', now())"
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP COLUMN of_somebody; DROP INDEX {TABLE}_event_id; {twice}; {twice}")
        self.expect(self.urls(), {"secondary.table": ("fail", "event_id stands more than once", "twinshift repair --apply")}, issues=ISSUES[2:])
        self.psql("secondary", f"DROP TABLE {TABLE}; CREATE TABLE {TABLE} (appsflyer_id TEXT)")
        self.expect(self.urls(), {"secondary.table": ("fail", "not made by Twinshift", "SCHEMA_APPLY=true")}, issues=ISSUES[2:])
        self.psql("secondary", f"DROP TABLE {TABLE}; CREATE VIEW {TABLE} AS SELECT 1 AS appsflyer_id")
        self.expect(self.urls(), {"secondary.table": ("fail", "is not a table", "another table"), "both.parity": ("warn",)}, issues=ISSUES[2:])

    def test_one_database_by_two_names(self):
        server = self.servers["primary"]
        self.apply(self.urls())
        self.expect(self.urls(SECONDARY_WAREHOUSE_URL=server.url(self.database).replace("127.0.0.1", "localhost")),
                    {"both.separate": ("fail", "one database", "SECONDARY_WAREHOUSE_URL")})


class Rights(Doctor, LimitedUserTest):
    def test_rights_that_are_missing(self):
        user, database = self.user, self.database
        self.expect(self.limited, {"primary.rights": ("fail", f'GRANT USAGE ON SCHEMA "public" TO "{user}"')})
        self.psql("primary", f'GRANT USAGE ON SCHEMA public TO "{user}"')
        self.expect(self.limited, {"primary.rights": ("fail", f'GRANT TEMPORARY ON DATABASE "{database}" TO "{user}"')})
        self.psql("primary", f'GRANT TEMPORARY ON DATABASE "{database}" TO "{user}"')
        self.expect(self.limited, {"primary.rights": ("fail", "may not create tables", f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{user}"')})
        self.assertEqual(self.run_command("schema", "--apply", "--target", "primary", settings=self.owner).returncode, 0)
        self.assertEqual(self.run_command("schema", "--apply", "--target", "secondary", settings=self.owner).returncode, 0)
        self.psql("primary", f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{user}"')
        self.expect(self.limited, {"primary.rights": ("fail", f'GRANT INSERT ON "public"."{TABLE}" TO "{user}"')})
        # A right on some columns alone: the catalogue has no fault to tell, trying it has.
        self.psql("primary", f'GRANT INSERT (event_id) ON {TABLE} TO "{user}"; GRANT INSERT ON twinshift_loads, twinshift_duplicates, twinshift_owed, '
                  f'twinshift_erased TO "{user}"')
        self.expect(self.limited, {"primary.rights": ("fail", "permission denied")})
        self.psql("primary", f'GRANT INSERT ON {TABLE} TO "{user}"; REVOKE INSERT ON twinshift_owed FROM "{user}"')
        self.expect(self.limited, {"primary.rights": ("warn", f'GRANT INSERT ON "public"."twinshift_owed" TO "{user}"')})
        self.psql("primary", f'GRANT INSERT ON twinshift_owed TO "{user}"')
        self.expect(self.limited, {})


class Redshift(Doctor, RedshiftTest):
    def test_a_sound_one_over_the_wire(self):
        self.expect(self.urls(), {})
        self.assertEqual(self.psql("secondary", "SELECT count(*) FROM pg_class WHERE relname LIKE 'twinshift%'"), "0", "nothing stays")
        service = self.start(self.urls())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"])
        self.expect(self.urls(), {})
        self.assertEqual(self.state("secondary.isolation"), "ok")
        self.assertEqual(self.landed("secondary"), {"test-123": 1})
        self.assertEqual(service.stop(), 0)

    def test_postgresql_in_the_url_of_a_redshift(self):
        self.expect(self.urls(SECONDARY_WAREHOUSE_URL=self.stand_in.redshift_url(self.database).replace("redshift:", "postgresql:")),
                    {"secondary.login": ("fail", "the server is Redshift", "Write redshift://")}, issues=ISSUES[2:])


if __name__ == "__main__":
    unittest.main()
