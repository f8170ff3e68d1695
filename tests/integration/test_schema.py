"""`twinshift schema`, tables that somebody else made, and rights that are missing: PostgreSQL, Redshift by the stand-in, SQLite."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until
from servers import TABLE, LimitedUserTest, PostgresTest, RedshiftTest, ServerError
from postgres_server import find_bin_folder  # servers.py says where

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREDECESSOR = (pathlib.Path(__file__).resolve().parent / "predecessor_table.sql").read_text(encoding="utf-8")
OLD_ROWS = "'old-1', 'install', '2023-01-01 10:00:00', 'a'), ('old-2', 'purchase', '2023-01-02 10:00:00', NULL"
GRANTS_MAX = 12


def in_postgres(ddl, table):
    """As somebody would have brought the predecessor's table to PostgreSQL: TEXT of 256 bytes, no keys of Redshift's."""
    ddl = ddl.replace("SUPER", "TEXT").replace("GETDATE()", "CURRENT_TIMESTAMP").replace(" TEXT", " VARCHAR(256)")
    return re.sub(r"\)\s*DISTKEY.*", ");", ddl, flags=re.DOTALL).replace("TABLE appsflyer_events", f"TABLE {table}")


class SchemaTest(PostgresTest):
    def schema(self, *arguments, settings, code=0):
        done = self.run_command("schema", *arguments, settings=settings)
        self.assertEqual(done.returncode, code, done.stdout[-3000:] + done.stderr)
        return done

    def differences(self, settings, target=None, code=3):
        chosen = ["--target", target] if target else []
        answer = json.loads(self.schema("--diff", "--format", "json", *chosen, settings=settings, code=code).stdout)
        return answer["differences"], answer["targets"]

    def wait_failure(self, service, *words, target="primary"):
        """The log line that tells why a target takes nothing."""
        return service.wait_log(lambda l: l.get("target") == target and all(w in json.dumps(l, ensure_ascii=False).replace('\\"', '"') for w in words), str(words))


class TakeOver(SchemaTest):
    TABLE = "appsflyer.appsflyer_events"

    def setUp(self):
        super().setUp()
        self.psql("primary", f"CREATE SCHEMA appsflyer; {in_postgres(PREDECESSOR, self.TABLE)} "
                  f"INSERT INTO {self.TABLE} (appsflyer_id, event_name, event_time, campaign) VALUES ({OLD_ROWS})")
        self.settings = self.urls(REDSHIFT_TABLE_NAME=self.TABLE)
        self.columns = self.psql("primary", "SELECT string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position) "
                                 "FROM information_schema.columns WHERE table_schema = 'appsflyer'")
        self.assertEqual(self.columns.count(",") + 1, 126)

    def old_rows(self):
        return self.psql("primary", f"SELECT md5(string_agg(r::text, '' ORDER BY appsflyer_id)) FROM (SELECT {self.columns} FROM {self.TABLE} "
                         "WHERE appsflyer_id LIKE 'old-%') r")

    def row(self, where, what):
        return self.psql("primary", f"SELECT {what} FROM {self.TABLE} WHERE {where}")

    def test_the_predecessors_table_in_place(self):
        before = self.old_rows()
        service = self.start(self.settings)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        cure = 'ALTER TABLE "appsflyer"."appsflyer_events" DROP CONSTRAINT "appsflyer_events_pkey"'
        line = self.wait_failure(service, "enforces uniqueness of appsflyer_id", cure)
        self.assertEqual(line["errorKind"], "conflict")
        # The secondary is not harmed.
        wait_until(lambda: self.landed("secondary") == {"test-123": 1}, "the event in the secondary")
        self.assertEqual(service.stop(), 0)
        found, _ = self.differences(self.settings, "primary")
        self.assertIn(cure, [f["mend"] for f in found if f["stops"]])
        refused = self.schema("--apply", "--target", "primary", settings=self.settings, code=1)
        self.assertEqual(refused.stdout, "")
        self.assertIn(cure, refused.stderr)

        self.psql("primary", cure)
        service = self.start(self.settings)
        self.wait_failure(service, "was not made by Twinshift", "`twinshift schema --target primary --apply`", "SCHEMA_APPLY=true")
        self.assertEqual(self.row("true", "count(*)"), "2")
        found, targets = self.differences(self.settings, "primary")
        what = {f["column"]: f["what"] for f in found}
        self.assertEqual(targets["primary"]["foreignRows"], 2)
        self.assertIn("is missing", what["event_id"])
        self.assertIn("holds 500 bytes, the catalogue 4096", what["campaign"])
        self.assertIn("decimal(18,6)", what["event_revenue"])
        self.assertIn("NOT NULL", what["appsflyer_id"])

        applied = self.schema("--apply", "--target", "primary", settings=self.settings)
        statements = applied.stdout.split(";\n")
        self.assertIn('ALTER TABLE "appsflyer"."appsflyer_events" ADD COLUMN "event_id" TEXT COLLATE "C"', statements)
        self.assertFalse([s for s in statements if "DROP" in s or " TYPE " in s])
        wait_until(lambda: self.row("appsflyer_id = 'test-123'", "count(*)") == "1", "the event that waited")
        self.assertEqual(self.old_rows(), before)
        self.check_odd_events(service)
        self.assertEqual(self.old_rows(), before)
        self.assertEqual(self.psql("primary", "SELECT count(*) FROM appsflyer.twinshift_loads") > "0", True)
        self.assertEqual(service.stop(), 0)
        text = self.schema("--diff", "--target", "primary", settings=self.settings, code=3).stdout
        self.assertIn("rows without event_id (not Twinshift's, never touched): 2", text)
        self.assertNotIn("is missing", text)

    def check_odd_events(self, service):
        """Too long for this table, and without what it demands."""
        long = "\u00e9" * 300
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="long", campaign=long, gp_referrer="r" * 1000)).status, 200)
        nameless = {k: v for k, v in GUIDE_EVENT.items() if k != "appsflyer_id"}
        self.assertEqual(service.post(dict(nameless, event_name="nameless")).status, 200)
        wait_until(lambda: self.row("event_id IS NOT NULL", "count(*)") == "3", "both events")
        # campaign does not fit, gp_referrer neither: said with the batch, and counted.
        self.assertEqual(service.wait_log(lambda l: l.get("target") == "primary" and "valuesInExtra" in l)["valuesInExtra"], 2)
        self.assertGreaterEqual(service.request("GET", "/ready").json()["parts"]["primary"]["valuesInExtra"], 2)
        self.assertEqual(self.row("appsflyer_id = 'long'", "octet_length(campaign), length(extra->>'campaign'), length(extra->>'gp_referrer')"),
                         "500|300|1000")
        self.assertEqual(self.row("event_name = 'nameless'", "appsflyer_id = '', extra->'$absent'"), 't|["appsflyer_id"]')

    def test_schema_apply_at_the_start(self):
        self.psql("primary", f"ALTER TABLE {self.TABLE} DROP CONSTRAINT appsflyer_events_pkey")
        service = self.start(dict(self.settings, SCHEMA_APPLY="true"))
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        wait_until(lambda: self.row("event_id IS NOT NULL", "count(*)") == "1", "the event")
        self.assertEqual(self.row("event_id IS NULL", "count(*)"), "2")

    def test_every_mend_mends(self):
        """Whoever runs what --diff says ends with a table that is as it should be, and with the old rows in it."""
        for _ in range(4):
            done = self.run_command("schema", "--diff", "--target", "primary", "--format", "json", settings=self.settings)
            found = json.loads(done.stdout)["differences"]
            if not found:
                break
            for each in found:
                if not each["mend"].startswith("`"):
                    self.psql("primary", re.sub(", and let --apply.*", "", each["mend"]))
            self.schema("--apply", "--target", "primary", settings=self.settings)
        self.assertEqual(found, [])
        self.assertEqual(self.row("event_id IS NULL", "count(*)"), "2")


class RedshiftTables(RedshiftTest, SchemaTest):
    def redshift(self, sql):
        """By the stand-in, as a user of Redshift would."""
        url = self.stand_in.redshift_url(self.database).replace("redshift:", "postgresql:")
        command = [os.path.join(find_bin_folder(), "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-", url]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_predecessors_table_in_place(self):
        settings = self.urls()
        self.redshift(PREDECESSOR)
        self.redshift(f"INSERT INTO {TABLE} (appsflyer_id, event_name, event_time, campaign) VALUES ({OLD_ROWS})")
        service = self.start(settings)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_failure(service, "was not made by Twinshift", "`twinshift schema --target secondary --apply`", target="secondary")
        found, targets = self.differences(settings, "secondary")
        mends = [f["mend"] for f in found]
        self.assertIn('ALTER TABLE "public"."appsflyer_events" ALTER DISTKEY event_id', mends)
        self.assertIn('ALTER TABLE "public"."appsflyer_events" ALTER COMPOUND SORTKEY (event_at)', mends)
        self.assertEqual(targets["secondary"]["distribution"], "KEY(customer_user_id)")
        self.assertEqual(targets["secondary"]["foreignRows"], 2)
        self.schema("--apply", "--target", "secondary", settings=settings)
        wait_until(lambda: self.landed("secondary").get("test-123") == 1, "the event that waited")
        long = "\u00e9" * 300
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="long", campaign=long, gp_referrer="r" * 1000)).status, 200)
        wait_until(lambda: self.landed("secondary").get("long") == 1, "the long event")
        self.assertEqual(self.psql("secondary", f"SELECT octet_length(campaign), length(extra->>'campaign') FROM {TABLE} WHERE appsflyer_id = 'long'"),
                         "500|300")
        self.assertEqual(self.psql("secondary", f"SELECT count(*) FROM {TABLE} WHERE event_id IS NULL AND appsflyer_id LIKE 'old-%'"), "2")
        self.assertEqual(service.stop(), 0)

    def test_postgresql_and_redshift_as_made(self):
        settings = self.urls()
        self.psql("primary", (ROOT / "postgres-schema.sql").read_text(encoding="utf-8"))
        self.redshift((ROOT / "redshift-schema.sql").read_text(encoding="utf-8"))
        found, targets = self.differences(settings, code=0)
        self.assertEqual(found, [])
        self.assertEqual((targets["secondary"]["distribution"], targets["secondary"]["sortKey"]), ("KEY(event_id)", "event_at"))


class Differences(SchemaTest):
    def test_two_tables_and_their_differences(self):
        settings = self.urls()
        text = self.schema("--diff", settings=settings, code=3).stdout
        self.assertEqual(text.count("does not exist"), 2)
        for target in ("primary", "secondary"):
            self.schema("--apply", "--target", target, settings=settings)
        self.assertIn("Nothing to do", self.schema("--apply", "--target", "primary", settings=settings).stdout)
        self.assertIn("same:", self.schema("--diff", settings=settings).stdout)
        self.psql("secondary", f"ALTER TABLE {TABLE} DROP COLUMN campaign, ALTER COLUMN city TYPE VARCHAR(9), ADD COLUMN theirs integer, "
                  "DROP COLUMN loaded_at; DROP TABLE twinshift_loads")
        self.psql("primary", f"ALTER TABLE {TABLE} ALTER COLUMN city SET NOT NULL, ALTER COLUMN wifi TYPE text")
        found, _ = self.differences(settings)
        told = {(f["target"], f["column"]) for f in found}
        self.assertEqual(told, {("secondary", "campaign"), ("secondary", "city"), ("secondary", "loaded_at"), ("secondary", ""), ("primary", "city"),
                                ("primary", "wifi"), ("primary", "theirs")})
        lines = self.schema("--diff", settings=settings, code=3).stdout.splitlines()
        self.assertEqual(len([line for line in lines if ". Mend: " in line]), len(found))
        for each in found:
            if not each["mend"].startswith("`"):
                self.psql(each["target"], re.sub(", and let --apply.*", "", each["mend"]))
        for target in ("primary", "secondary"):
            self.schema("--apply", "--target", target, settings=settings)
        self.psql("secondary", f"ALTER TABLE {TABLE} ADD COLUMN wifi_old text")
        self.assertEqual(self.differences(settings, code=0)[0], [])

    def test_a_wrong_type_of_ours_names_everything(self):
        self.psql("primary", f"CREATE TABLE {TABLE} (event_id integer, event_at date)")
        service = self.start(self.urls())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        line = self.wait_failure(service, "the column event_id has the type integer", '"public"."appsflyer_events"', "RENAME COLUMN", "1 more")
        self.assertEqual(line["target"], "primary")
        found, _ = self.differences(self.urls(), "primary")
        self.assertEqual(len([f for f in found if f["stops"]]), 2)


class Rights(LimitedUserTest, SchemaTest):
    def grants_of(self, settings):
        """Runs what each refusal says, as an owner, until the event lands."""
        service = self.start(settings)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        granted = []

        def next_grant():
            try:
                if self.psql("primary", f"SELECT count(*) FROM {TABLE}") == "1":
                    return "landed"
            except ServerError:
                pass
            for line in list(service.lines):
                grant = re.match(r"(GRANT|ALTER TABLE) [^`]*? TO \"[^\"]*\"", line.get("hint", "") if line.get("target") == "primary" else "")
                if grant and grant.group(0) not in granted:
                    return grant.group(0)
            return None

        for _ in range(GRANTS_MAX):
            grant = wait_until(next_grant, f"the next GRANT after {granted}")
            if grant == "landed":
                break
            granted.append(grant)
            self.psql("primary", grant)
            # A start tries at once; the pause between two tries of a running service has grown by now.
            self.assertEqual(service.stop(), 0)
            service = self.start(settings)
        self.assertEqual(service.stop(), 0)
        self.assertEqual(self.psql("primary", f"SELECT count(*) FROM {TABLE}"), "1")
        return granted

    def test_each_message_names_the_grant_that_leads_on(self):
        self.schema("--apply", "--target", "primary", settings=self.owner)
        granted = self.grants_of(self.limited)
        user = f'"{self.user}"'
        self.assertEqual(granted, [f'GRANT USAGE ON SCHEMA "public" TO {user}', f'GRANT TEMPORARY ON DATABASE "{self.database}" TO {user}',
                                   f'GRANT SELECT, INSERT ON "public"."{TABLE}" TO {user}',
                                   f'GRANT SELECT, INSERT ON "public"."twinshift_loads" TO {user}'])

    def duplicates_of(self, settings, resend):
        """Serves until `resend` has come twice; the warnings about duplicates that the primary gave."""
        told = "SELECT coalesce(sum(duplicate), 0) FROM twinshift_loads"
        before = int(self.psql("primary", told))
        service = self.start(settings)
        for _ in range(2):
            self.assertEqual(service.post(resend).status, 200)
            name = resend["appsflyer_id"]
            wait_until(lambda: self.psql("primary", f"SELECT count(*) FROM {TABLE} WHERE appsflyer_id = '{name}'") == "1", "the event")
        wait_until(lambda: int(self.psql("primary", told)) == before + 1, "the second copy")
        warnings = [l for l in service.lines if l.get("target") == "primary" and l.get("msg", "").startswith("Duplicates are not counted")]
        self.assertEqual(service.stop(), 0)
        return warnings

    def counted(self):
        return self.psql("primary", "SELECT count(DISTINCT (event_key, received_at)) FROM twinshift_duplicates")

    def test_without_the_right_to_count_duplicates_events_land(self):
        """Granted for the tables of an older version alone, then also for the new one."""
        self.schema("--apply", "--target", "primary", settings=self.owner)
        definition = self.run_command("schema", "--dialect", "postgres").stdout
        self.psql("primary", "DROP TABLE twinshift_duplicates")
        self.let_write(f"{TABLE}, twinshift_loads")
        warnings = self.duplicates_of(self.limited, dict(GUIDE_EVENT, appsflyer_id="first"))
        self.assertEqual(len(warnings), 1)
        self.assertIn(f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{self.user}"', warnings[0]["hint"])
        # Made by an owner, but not granted.
        self.psql("primary", definition)
        warnings = self.duplicates_of(self.limited, dict(GUIDE_EVENT, appsflyer_id="second"))
        self.assertEqual(len(warnings), 1)
        grant = f'GRANT SELECT, INSERT ON "public"."twinshift_duplicates" TO "{self.user}"'
        self.assertIn(grant, warnings[0]["hint"])
        self.assertEqual(self.counted(), "0")
        self.psql("primary", grant)
        self.assertEqual(self.duplicates_of(self.limited, dict(GUIDE_EVENT, appsflyer_id="third")), [])
        self.assertEqual(self.counted(), "1")

    def test_without_the_right_to_create(self):
        self.psql("primary", f'GRANT TEMPORARY ON DATABASE "{self.database}" TO "{self.user}"')
        self.assertEqual(self.grants_of(self.limited), [f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{self.user}"'])

    def test_rights_taken_away_and_a_column_dropped_while_serving(self):
        self.schema("--apply", "--target", "primary", settings=self.owner)
        self.let_write("ALL TABLES IN SCHEMA public")
        service = self.start(self.limited)
        names = []

        def post(name):
            names.append(name)
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=name, campaign="c")).status, 200)

        post("first")
        self.wait_each_once(names)
        self.psql("primary", f'REVOKE INSERT ON {TABLE} FROM "{self.user}"')
        post("second")
        self.wait_failure(service, f'GRANT INSERT ON "public"."{TABLE}" TO "{self.user}"')
        self.psql("primary", f'GRANT INSERT ON {TABLE} TO "{self.user}"')
        self.wait_each_once(names)
        # The table is not ours, so we cannot put the column back ourselves.
        self.psql("primary", f"ALTER TABLE {TABLE} DROP COLUMN campaign")
        post("third")
        self.wait_failure(service, f'"public"."{TABLE}"', f'OWNER TO "{self.user}"', "`twinshift schema --target primary --apply`")
        self.schema("--apply", "--target", "primary", settings=self.owner)
        post("fourth")
        self.wait_each_once(names)
        self.assertEqual(self.psql("primary", f"SELECT campaign FROM {TABLE} WHERE appsflyer_id = 'third'"), "c")
        self.assertEqual(service.stop(), 0)


class Command(ServiceTest):
    def test_the_files_are_what_the_command_prints(self):
        for dialect in ("postgres", "redshift"):
            printed = self.run_command("schema", "--dialect", dialect)
            self.assertEqual(printed.returncode, 0, printed.stderr)
            kept = (ROOT / f"{dialect}-schema.sql").read_text(encoding="utf-8")
            self.assertEqual(printed.stdout, kept, f"run: twinshift schema --dialect {dialect} > {dialect}-schema.sql")

    def test_a_targets_own_name_and_dialect(self):
        settings = {"REDSHIFT_TABLE_NAME": "s.t", "PRIMARY_WAREHOUSE_URL": "redshift://u@nowhere.invalid/d"}
        own = self.run_command("schema", "--target", "primary", settings=settings)
        self.assertEqual(own.returncode, 0, own.stderr)
        self.assertIn('CREATE TABLE IF NOT EXISTS "s"."t" (', own.stdout)
        self.assertIn("DISTKEY (event_id)", own.stdout)
        other = self.run_command("schema", "--target", "primary", "--dialect", "postgres", settings=settings)
        self.assertIn('CREATE TABLE IF NOT EXISTS "s"."twinshift_loads" (', other.stdout)
        self.assertNotIn("DISTKEY", other.stdout)

    def test_sqlite(self):
        printed = self.run_command("schema", "--target", "primary")
        with sqlite3.connect(":memory:") as connection:
            connection.executescript(printed.stdout)
            self.assertEqual(connection.execute("SELECT count(*) FROM appsflyer_events").fetchone(), (0,))
        connection.close()
        self.assertEqual(self.run_command("schema", "--diff").returncode, 3)
        for target in ("primary", "secondary"):
            applied = self.run_command("schema", "--apply", "--target", target)
            self.assertEqual(applied.returncode, 0, applied.stderr)
            self.assertIn("CREATE TABLE", applied.stdout)
        same = self.run_command("schema", "--diff")
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        with sqlite3.connect(f"{self.folder}/data/secondary.db") as connection:
            connection.execute("ALTER TABLE appsflyer_events DROP COLUMN campaign")
            connection.execute("ALTER TABLE appsflyer_events ADD COLUMN theirs TEXT")
        connection.close()
        answer = json.loads(self.run_command("schema", "--diff", "--format", "json").stdout)
        self.assertEqual({(d["target"], d["column"]) for d in answer["differences"]}, {("secondary", "campaign"), ("primary", "theirs")})
        self.assertIn("ADD COLUMN", self.run_command("schema", "--apply", "--target", "secondary").stdout)

    def test_wrong_usage(self):
        for arguments in ([], ["--apply"], ["--apply", "--diff", "--target", "primary"], ["--dialect", "oracle"], ["--diff", "--dialect", "postgres"],
                          ["--target", "both"], ["--format", "json", "--target", "primary"]):
            done = self.run_command("schema", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "")

    def test_a_server_that_is_not_there(self):
        done = self.run_command("schema", "--diff", settings={"PRIMARY_WAREHOUSE_URL": "postgresql://u:secret-word@127.0.0.1:1/d"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("primary", done.stderr)
        self.assertNotIn("secret-word", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
