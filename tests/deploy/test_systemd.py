"""deploy/systemd/: the unit verified and measured by systemd itself, every property that docs/packages.md names, and the credentials' example."""

import os
import re
import tempfile
import unittest

from deploying import BINARY, ROOT, read, run, tool

UNIT = "deploy/systemd/twinshift.service"
CREDENTIALS = "deploy/systemd/credentials.conf.example"
EXPOSURE_MAX = 2.0


def properties(text):
    """[(section, name, value)]: in a unit a name may stand more than once, and the order counts."""
    section, found = None, []
    for line in text.splitlines():
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        name, _, value = line.partition("=")
        found.append((section, name, value))
    return found


class Unit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="twinshift-unit-")
        self.addCleanup(self.folder.cleanup)
        self.unit = properties(read(UNIT))

    def values(self, name, section="Service"):
        return [v for s, n, v in self.unit if (s, n) == (section, name)]

    def value(self, name, section="Service"):
        found = self.values(name, section)
        self.assertEqual(len(found), 1, name)
        return found[0]

    def write(self, text):
        """A copy that starts the program which is here: systemd verifies that it is there."""
        path = os.path.join(self.folder.name, "twinshift.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("/usr/bin/twinshift", BINARY))
        return path

    def verify(self, text):
        # By its own path nothing but its search for the documentation's page can differ from an installed one.
        done = run(tool("systemd-analyze"), "verify", "--man=no", self.write(text))
        return done.returncode, done.stderr

    def test_systemd_has_nothing_to_say(self):
        self.assertEqual(self.verify(read(UNIT)), (0, ""))

    def test_and_would_say_it(self):
        code, said = self.verify(read(UNIT).replace("LockPersonality=yes", "LockPersonalty=yes"))
        self.assertIn("LockPersonalty", said, code)

    def test_exposure(self):
        done = run(tool("systemd-analyze"), "security", "--offline=true", f"--threshold={int(EXPOSURE_MAX * 10)}", "--no-pager", self.write(read(UNIT)))
        overall = re.search(r"Overall exposure level for twinshift.service: ([\d.]+)", done.stdout)
        self.assertIsNotNone(overall, done.stdout + done.stderr)
        self.assertLessEqual(float(overall[1]), EXPOSURE_MAX, done.stdout)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_stop_has_more_time_than_the_service_takes(self):
        shutdown = re.search(r"`SHUTDOWN_TIMEOUT` \| `(\d+) s`", read("docs/configuration.md"))
        self.assertGreater(int(self.value("TimeoutStopSec")), int(shutdown[1]))

    def test_wrong_settings_are_not_tried_again(self):
        self.assertEqual(self.value("Restart"), "on-failure")
        self.assertEqual(self.value("RestartPreventExitStatus"), "2")
        self.assertEqual(self.value("StartLimitIntervalSec", "Unit"), "0")
        done = run(BINARY, "serve", cwd=self.folder.name, env={"PATH": os.environ["PATH"], "PORT": "none"})
        self.assertEqual(done.returncode, 2, "what the unit takes for wrong settings")

    def test_a_reload_is_a_hangup(self):
        self.assertEqual(self.value("ExecReload"), "/bin/kill -HUP $MAINPID")
        self.assertEqual(self.values("EnvironmentFile"), [], "what stands in the environment, a reload cannot change")

    def test_its_only_writable_folder_is_where_it_works(self):
        self.assertEqual(self.value("ProtectSystem"), "strict")
        self.assertEqual(self.value("WorkingDirectory"), "/var/lib/" + self.value("StateDirectory"))
        self.assertEqual(self.value("StateDirectoryMode"), "0700")
        self.assertEqual(self.values("ReadWritePaths"), [])

    def test_every_documented_property(self):
        page = read("docs/packages.md").split("## The unit", 1)[1].split("\n## ", 1)[0]
        rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
        documented = [entry for row in rows for entry in re.findall(r"`([A-Z][A-Za-z]+=[^`]*)`", row)]
        self.assertGreater(len(documented), 15)
        for entry in documented:
            name, _, value = entry.partition("=")
            with self.subTest(entry):
                self.assertIn(value, self.values(name) + self.values(name, "Unit"))

    def test_its_user_is_the_packages(self):
        self.assertEqual(self.value("User"), "twinshift")
        self.assertIn("--system --group", read("deploy/debian/postinst"))


class Credentials(unittest.TestCase):
    """A secret for which no file can be named would have to stand in the settings."""

    def setUp(self):
        self.dropin = properties(read(CREDENTIALS))
        self.loaded = dict(v.split(":", 1) for _, n, v in self.dropin if n == "LoadCredential")
        self.set = dict(pair.split("=", 1) for _, n, v in self.dropin if n == "Environment" for pair in v.split())

    def test_each_is_used_and_each_use_is_loaded(self):
        self.assertEqual({f"%d/{name}" for name in self.loaded}, set(self.set.values()))
        for path in self.loaded.values():
            self.assertTrue(path.startswith("/etc/twinshift/"), path)

    def test_the_program_knows_every_name(self):
        page = read("docs/configuration.md")
        for name in self.set:
            self.assertTrue(f"`{name}`" in page, name)

    def test_every_setting_that_is_a_file_of_a_secret_is_there(self):
        known = set(re.findall(r"^\| `(\w+_FILE)` \|", read("docs/configuration.md"), re.MULTILINE))
        self.assertLessEqual(known, set(self.set))

    def test_systemd_takes_it(self):
        with tempfile.TemporaryDirectory(prefix="twinshift-unit-") as folder:
            unit = os.path.join(folder, "twinshift.service")
            with open(unit, "w", encoding="utf-8") as file:
                file.write(read(UNIT).replace("/usr/bin/twinshift", BINARY) + "\n" + read(CREDENTIALS))
            done = run(tool("systemd-analyze"), "verify", "--man=no", unit)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_program_reads_them(self):
        """As systemd hands them over: files that the service's user can only read."""
        with tempfile.TemporaryDirectory(prefix="twinshift-credentials-") as folder:
            for name in ("admin-token", "webhook-tokens"):
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write("0123456789abcdef-not-a-secret\n")
                os.chmod(os.path.join(folder, name), 0o400)
            settings = {n: v.replace("%d", folder) for n, v in self.set.items() if n in ("ADMIN_TOKEN_FILE", "WEBHOOK_TOKENS_FILE")}
            done = run(BINARY, "config", cwd=folder, env={"PATH": os.environ["PATH"], **settings})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("not-a-secret", done.stdout)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
