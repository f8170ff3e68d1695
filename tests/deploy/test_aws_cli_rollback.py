"""deploy/aws-cli/rollback against the real service: embedded queue, two SQLite targets, over sockets, by SIGHUP. No aws client is needed."""

import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until  # noqa: E402  (the path comes first)

SCRIPTS = ROOT / "deploy" / "aws-cli"
ENV = "# The service's settings\nPARK_AFTER=1\n  export SECONDARY_REDSHIFT_ENABLED = true  # the replica\nWEBHOOK_TOKENS=secret-4711-of-the-app\n"
FROM_FILE = {"SECONDARY_REDSHIFT_ENABLED": ""}  # an empty value means unset: .env decides


@unittest.skipUnless(shutil.which("curl") and shutil.which("ps"), "needs curl and ps")
class Rollback(ServiceTest):
    def setUp(self):
        super().setUp()
        self.env = pathlib.Path(self.folder, ".env")
        self.env.write_text(ENV.replace("  export ", "").replace(" = ", "="), encoding="utf-8")
        self.env.chmod(0o600)
        self.service = self.start(FROM_FILE)
        pathlib.Path(self.folder, "pid").write_text(f"{self.service.process.pid}\n", encoding="utf-8")

    def script(self, *arguments, **changed):
        values = {"VPC_ID": "vpc-0b0b0b0b0b0b0b0b0", "SUBNET_IDS": "subnet-0b0b0b0b0b0b0b0b0", "SECURITY_GROUP_ID": "sg-0b0b0b0b0b0b0b0b0", "ENV_FILE": str(self.env), "RELOAD_BY": "sighup", "PID_FILE": os.path.join(self.folder, "pid"), "READY_URL": f"http://127.0.0.1:{self.service.port}/ready", **changed}
        text = (SCRIPTS / "deploy.env.example").read_text(encoding="utf-8")
        for name, value in values.items():
            text = re.sub(f"(?m)^{name}=.*$", lambda _, n=name, v=value: f"{n}={v}", text)
        settings = pathlib.Path(self.folder, "deploy.env")
        settings.write_text(text, encoding="utf-8")
        done = subprocess.run([SCRIPTS / "rollback", *arguments, "--settings", settings], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertNotIn("4711", done.stdout + done.stderr)
        return done

    def send(self, *names):
        for name in names:
            answer = self.service.request("POST", "/webhook/appsflyer", json.dumps(dict(GUIDE_EVENT, appsflyer_id=name)), {"Authorization": "secret-4711-of-the-app"})
            self.assertEqual(answer.status, 200)

    def ids(self, target):
        return {row["appsflyer_id"] for row in self.service.sql(target, "SELECT appsflyer_id FROM appsflyer_events")}

    def state(self):
        return self.service.request("GET", "/ready").json()["parts"]["secondary"]["status"]

    def test_off_and_on_and_the_gap_is_filled(self):
        self.send("before")
        self.service.wait_landed(1)
        dry = self.script("--dry-run")
        self.assertEqual((dry.returncode, self.state()), (0, "ok"), dry.stderr)
        self.assertIn("would: SECONDARY_REDSHIFT_ENABLED: true -> false", dry.stdout)
        self.assertIn("dry run: 1 to change, nothing was made", dry.stdout)
        before = self.env.read_text(encoding="utf-8")

        off = self.script()
        self.assertEqual((off.returncode, self.state()), (0, "disabled"), off.stdout + off.stderr)
        self.assertIn("still owed to the secondary: 0 events", off.stdout)
        self.assertEqual(self.env.read_text(encoding="utf-8"), before.replace("=true", "=false"))
        self.assertEqual(stat.S_IMODE(self.env.stat().st_mode), 0o600)
        self.assertEqual(list(pathlib.Path(self.folder).glob(".env.??????")), [])
        again = self.script()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("nothing to change", again.stdout)

        self.send("meanwhile-1", "meanwhile-2")
        wait_until(lambda: len(self.ids("primary")) == 3, "the primary to have all")
        self.assertEqual(self.ids("secondary"), {"before"})
        undone = self.script("--undo")
        self.assertEqual(undone.returncode, 0, undone.stdout + undone.stderr)
        self.assertNotEqual(self.state(), "disabled")
        self.assertEqual(self.env.read_text(encoding="utf-8"), before)

        self.assertTrue(pathlib.Path(f"{self.env}.secondary-off.undone").exists())
        (line,) = re.findall(r"(?m)^  twinshift (repair .*)$", undone.stdout)
        self.assertRegex(line, r"^repair --received-from \d{4}-\d\d-\d\dT\d\d:00 --apply$")
        repaired = self.run_command(*line.split(), settings=FROM_FILE)
        self.assertEqual(repaired.returncode, 0, repaired.stdout + repaired.stderr)
        self.assertEqual(self.ids("secondary"), {"before", "meanwhile-1", "meanwhile-2"})
        equal = self.run_command("verify", settings=FROM_FILE)
        self.assertEqual(equal.returncode, 0, equal.stdout + equal.stderr)
        self.assertEqual(self.service.stop(), 0)

    def test_what_is_wrong_is_told_and_nothing_is_changed(self):
        before = self.env.read_text(encoding="utf-8")
        pathlib.Path(self.folder, "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
        wrong = self.script(READY_URL="http://127.0.0.1:1/ready")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("is not twinshift; is the file old?", wrong.stderr)
        self.assertIn("READY_URL", wrong.stderr)
        self.assertIn("2 wrong, nothing was made", wrong.stderr)
        missing = self.script(RELOAD_BY="none", ENV_FILE=os.path.join(self.folder, "none"))
        self.assertIn("cannot read", missing.stderr)
        self.assertEqual((missing.returncode, self.env.read_text(encoding="utf-8"), self.state()), (1, before, "ok"))

    def test_a_service_that_does_not_take_it_is_told(self):
        late = self.script("--remove-endpoint", RELOAD_BY="none", READY_SECONDS_MAX="1")
        self.assertEqual(late.returncode, 1)
        self.assertIn("--remove-endpoint needs ROLLBACK_ENDPOINT", late.stderr)
        late = self.script(RELOAD_BY="none", READY_SECONDS_MAX="1")
        self.assertEqual((late.returncode, self.state()), (1, "ok"))
        self.assertIn("says of the secondary: ok", late.stderr)
        self.assertRegex(pathlib.Path(f"{self.env}.secondary-off").read_text(encoding="utf-8"), r"^\d{4}-\d\d-\d\dT\d\d:00$")
        self.service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.state() == "disabled", "the reload")
        self.assertEqual(self.script("--undo").returncode, 0)

    def test_behind_a_token_it_asks_with_it_or_stops_before_anything_is_changed(self):
        self.assertEqual(self.service.stop(), 0)
        token = "admin-4711-token-of-some-length"
        self.service = self.start({**FROM_FILE, "ADMIN_TOKEN": token})
        pathlib.Path(self.folder, "pid").write_text(f"{self.service.process.pid}\n", encoding="utf-8")
        before = self.env.read_text(encoding="utf-8")
        for arguments in ((), ("--dry-run",)):
            blind = self.script(*arguments)
            self.assertEqual(blind.returncode, 1, blind.stdout)
            self.assertIn("READY_TOKEN_FILE", blind.stderr)
        self.assertEqual((self.env.read_text(encoding="utf-8"), list(pathlib.Path(self.folder).glob(".env.*"))), (before, []))
        file = pathlib.Path(self.folder, "token")
        file.write_text(f"{token}\n", encoding="utf-8")
        missing = self.script(READY_TOKEN_FILE=str(file) + "s")
        self.assertIn("(READY_TOKEN_FILE); correct the setting", missing.stderr)
        off = self.script(READY_TOKEN_FILE=str(file))
        self.assertEqual(off.returncode, 0, off.stdout + off.stderr)
        self.assertIn("secondary disabled", off.stdout)

    def test_of_a_link_the_file_is_changed_and_the_folder_told(self):
        etc = pathlib.Path(self.folder, "etc")
        etc.mkdir()
        self.env.rename(etc / "twinshift.env")
        self.env.symlink_to("etc/twinshift.env")
        off = self.script()
        self.assertEqual(off.returncode, 0, off.stdout + off.stderr)
        self.assertTrue(self.env.is_symlink())
        self.assertIn("SECONDARY_REDSHIFT_ENABLED=false", (etc / "twinshift.env").read_text(encoding="utf-8"))
        self.assertIn(f"then in {self.folder}:", off.stdout)

    def test_a_line_with_export_and_blanks_is_kept_in_form(self):
        self.env.write_text(ENV, encoding="utf-8")
        dry = self.script("--dry-run")
        self.assertIn("true -> false", dry.stdout)
        self.env.write_text("PARK_AFTER=1\nWEBHOOK_TOKENS=secret-4711-of-the-app\n# SECONDARY_REDSHIFT_ENABLED=true\n", encoding="utf-8")
        on = self.script("--undo")
        self.assertEqual(on.returncode, 0, on.stdout + on.stderr)
        self.assertTrue(self.env.read_text(encoding="utf-8").endswith("# SECONDARY_REDSHIFT_ENABLED=true\nSECONDARY_REDSHIFT_ENABLED=true\n"))


if __name__ == "__main__":
    unittest.main()
