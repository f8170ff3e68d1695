"""The commands beside `serve`, and their exit codes."""

import csv
import io
import json
import os
import socket
import sqlite3
import unittest

from harness import GUIDE_EVENT, ServiceTest


class Commands(ServiceTest):
    def test_version_and_help(self):
        version = self.run_command("version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^twinshift \d+\.\d+\.\d+\n$")
        for arguments in ((), ("help",), ("--help",)):
            shown = self.run_command(*arguments)
            self.assertEqual(shown.returncode, 0)
            for command in ("serve", "config", "query", "generate", "version"):
                self.assertIn(command, shown.stdout)
        self.assertEqual(self.run_command("no-such-command").returncode, 2)
        self.assertEqual(self.run_command("query").returncode, 2)

    def test_config_masks_secrets_and_names_origins(self):
        with open(os.path.join(self.folder, ".env"), "w", encoding="utf-8") as f:
            f.write("export PORT=3999 # comment\nAWS_SECRET_ACCESS_KEY='hunter2-hunter2'\n")
        shown = self.run_command("config", settings={"LOG_LEVEL": "warn"})
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("3999", shown.stdout)
        self.assertNotIn("hunter2", shown.stdout + shown.stderr)
        self.assertIn(".env", shown.stdout)

    def test_faults_are_listed_together_and_values_never_shown(self):
        with open(os.path.join(self.folder, ".env"), "w", encoding="utf-8") as f:
            f.write("PORT=s3cr3t-password\nREDSHIFT_TABEL_NAME=x\nWEBHOOK_STRICT=perhaps-s3cr3t\n")
        for command in ("serve", "config"):
            shown = self.run_command(command)
            self.assertEqual(shown.returncode, 2)
            for name in ("PORT", "REDSHIFT_TABEL_NAME", "REDSHIFT_TABLE_NAME", "WEBHOOK_STRICT"):
                self.assertIn(name, shown.stderr)
            self.assertNotIn("s3cr3t", shown.stderr + shown.stdout)

    def test_generate_then_query_both(self):
        service = self.start()
        sent = self.run_command("generate", "--events", "300", "--url", f"http://127.0.0.1:{service.port}/webhook/appsflyer", "--seed", "7")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        service.wait_landed(300)
        self.assertEqual((service.count("primary"), service.count("secondary")), (300, 300))
        statement = "SELECT event_name, count(*) AS n FROM appsflyer_events GROUP BY 1 ORDER BY 1"
        same = self.run_command("query", statement)
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        as_json = json.loads(self.run_command("query", statement, "--format", "json").stdout)
        self.assertIs(as_json["same"], True)
        self.assertEqual(sum(int(r["n"]) for r in as_json["primary"]), 300)
        rows = list(csv.DictReader(io.StringIO(self.run_command("query", statement, "--format", "csv", "--target", "primary").stdout)))
        self.assertEqual(sum(int(r["n"]) for r in rows), 300)
        # The same seed gives the same events: nothing new lands.
        again = self.run_command("generate", "--events", "10", "--url", f"http://127.0.0.1:{service.port}/webhook/appsflyer", "--seed", "7")
        self.assertEqual(again.returncode, 0)
        self.assertEqual(service.stop(), 0)
        with sqlite3.connect(service.warehouse("secondary")) as connection:
            connection.execute("DELETE FROM appsflyer_events WHERE rowid IN (SELECT rowid FROM appsflyer_events LIMIT 1)")
        different = self.run_command("query", "SELECT count(*) FROM appsflyer_events")
        self.assertEqual(different.returncode, 3)
        self.assertIn("differ", different.stdout + different.stderr)

    def test_a_commands_output_is_its_answer_alone(self):
        settings = {"REDSHIFT_TABLE_NAME": "appsflyer.appsflyer_events", "SECONDARY_REDSHIFT_TABLE_NAME": "appsflyer.appsflyer_events"}
        service = self.start(settings)
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        both = self.run_command("query", "SELECT count(*) AS n FROM appsflyer_events", "--format", "json", settings=settings)
        self.assertEqual(both.returncode, 0, both.stderr)
        self.assertTrue(json.loads(both.stdout)["same"])

    def test_generate_gives_up_where_nobody_answers(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/webhook/appsflyer"
        done = self.run_command("generate", "--events", "100000", "--connections", "60", "--url", url)
        self.assertEqual(done.returncode, 1)
        self.assertIn("gave up", done.stderr)

    def test_a_service_without_its_control_socket_is_to_be_restarted_not_stopped(self):
        service = self.start()
        os.remove(os.path.join(service.data, "control.sock"))
        done = self.run_command("books")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("its control socket is not there", done.stderr)
        self.assertIn("restart it", done.stderr)
        self.assertNotIn("TWINSHIFT_DATA_DIR", done.stderr)
        service.stop()
        os.mkdir(os.path.join(service.data, "control.sock"))
        failed = self.run_command("serve", settings={"PORT": "0"})
        self.assertEqual(failed.returncode, 4)
        self.assertIn("Remove what stands there", failed.stdout + failed.stderr)

    def test_query_never_writes(self):
        service = self.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        for statement in ("DELETE FROM appsflyer_events", "DROP TABLE appsflyer_events", "ATTACH 'x.db' AS x", "SELECT 1; DELETE FROM appsflyer_events",
                          "PRAGMA journal_mode=DELETE", "nonsense", "VACUUM"):
            done = self.run_command("query", statement)
            self.assertEqual(done.returncode, 1, statement)
            self.assertTrue(done.stderr.strip(), statement)
        self.assertEqual((service.count("primary"), service.count("secondary")), (1, 1))

    def test_query_without_a_warehouse_says_what_to_do(self):
        done = self.run_command("query", "SELECT 1 FROM appsflyer_events")
        self.assertEqual(done.returncode, 1)
        self.assertIn("serve", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data", "primary.db")))

    def test_generate_to_a_file_is_the_same_each_time(self):
        for name in ("a", "b"):
            self.assertEqual(self.run_command("generate", "--events", "50", "--out", name).returncode, 0)
        with open(os.path.join(self.folder, "a"), "rb") as a, open(os.path.join(self.folder, "b"), "rb") as b:
            first = a.read()
            self.assertEqual(first, b.read())
        lines = first.splitlines()
        self.assertEqual(len(lines), 50)
        self.assertEqual(len({json.dumps(json.loads(l), sort_keys=True) for l in lines}), 50)


if __name__ == "__main__":
    unittest.main()
