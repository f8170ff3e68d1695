"""The Debian package, made by cpack from the program that is built: what it holds, whom it depends on, and what its scripts do to a machine. Installed
into an empty Debian for real: tools/fresh-package, by hand."""

import glob
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from deploying import BINARY, BUILD, ROOT, libraries_of, packages_needed, read, run, tool

CPACK_SECONDS_MAX = 300
SCRIPTS = ("postinst", "prerm", "postrm")


def setUpModule():
    global folder, package, unpacked
    if not os.path.exists(os.path.join(BUILD, "CPackConfig.cmake")):
        raise unittest.SkipTest(f"{BUILD} has no CPackConfig.cmake: configure it (./dev build)")
    for name in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file"):
        tool(name)
    folder = tempfile.mkdtemp(prefix="twinshift-package-")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    done = run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", cwd=folder, seconds=CPACK_SECONDS_MAX)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    (package,) = glob.glob(os.path.join(folder, "*.deb"))
    unpacked = os.path.join(folder, "unpacked")
    run("dpkg-deb", "-R", package, unpacked)


def field(name):
    return run("dpkg-deb", "-f", package, name).stdout.strip()


class Contents(unittest.TestCase):
    def listed(self):
        """path -> (mode, owner); folders end in a slash."""
        lines = run("dpkg-deb", "-c", package).stdout.splitlines()
        return {line.split(None, 5)[5].removeprefix("."): tuple(line.split()[:2]) for line in lines}

    def test_what_is_where(self):
        listed = self.listed()
        self.assertEqual(listed["/usr/bin/twinshift"][0], "-rwxr-xr-x")
        doc = "/usr/share/doc/twinshift/"
        for path in ("/usr/lib/systemd/system/twinshift.service", "/etc/twinshift/twinshift.env.example", doc + "README.md", doc + "copyright",
                     doc + "changelog.gz", doc + "docs/packages.md", doc + "config/guide.env", doc + "redshift-schema.sql", doc + "postgres-schema.sql",
                     doc + "credentials.conf.example"):
            self.assertEqual(listed[path][0], "-rw-r--r--", path)
        self.assertEqual({owner for _, owner in listed.values()}, {"root/root"})
        self.assertEqual([p for p, (mode, _) in listed.items() if "w" in mode[4:]], [], "others may write")
        self.assertEqual([p for p in listed if p.startswith("/var")], [], "dpkg would own the data")

    def test_the_documented_files_are_those(self):
        listed = self.listed()
        page = read("docs/packages.md").split("## The Debian package", 1)[1].split("\n## ", 1)[0]
        rows = re.findall(r"^\| `(/(?:usr|etc)/[^`]+)`", page, re.MULTILINE)
        self.assertGreaterEqual(len(rows), 4)
        made = {"/etc/twinshift/twinshift.env"}  # by postinst
        self.assertEqual([path for path in rows if path not in listed and path not in made], [])

    def test_control(self):
        self.assertEqual(field("Package"), "twinshift")
        self.assertEqual(f"twinshift {field('Version')}\n", run(BINARY, "version").stdout)
        self.assertEqual(field("Architecture"), run("dpkg", "--print-architecture").stdout.strip())

    def test_it_depends_on_every_library(self):
        depends = {re.split(r"[ (]", entry.strip())[0] for entry in field("Depends").split(",")}
        needed = packages_needed()
        self.assertGreater(len(needed), 8)
        self.assertEqual([name for name, provided in needed.items() if not provided & depends], [])
        self.assertLessEqual({"adduser", "ca-certificates"}, depends)

    def test_the_program_in_it_runs_and_is_stripped(self):
        program = os.path.join(unpacked, "usr/bin/twinshift")
        done = run(program, "version")
        self.assertEqual((done.returncode, done.stdout), (0, run(BINARY, "version").stdout))
        self.assertEqual(libraries_of(program), libraries_of(BINARY))
        sections = run(tool("readelf"), "-SW", program).stdout
        self.assertIn(".text", sections)
        self.assertNotIn(".debug_info", sections)
        self.assertNotIn(".symtab", sections)

    def test_the_example_is_read_without_a_word(self):
        with tempfile.TemporaryDirectory(prefix="twinshift-package-") as work:
            shutil.copy(os.path.join(unpacked, "etc/twinshift/twinshift.env.example"), os.path.join(work, ".env"))
            done = run(BINARY, "config", cwd=work, env={"PATH": os.environ["PATH"]})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("127.0.0.1", done.stdout)


class Scripts(unittest.TestCase):
    def test_they_are_in_it_and_sound(self):
        tool("shellcheck")
        for name in SCRIPTS:
            path = os.path.join(unpacked, "DEBIAN", name)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o755, name)
            done = run("shellcheck", path)
            self.assertEqual(done.stdout, "", name)
        with open(os.path.join(unpacked, "DEBIAN/conffiles"), encoding="ascii") as file:
            self.assertEqual(file.read().split(), ["/etc/twinshift/twinshift.env.example"])

    def test_a_word_they_do_not_know_is_a_fault(self):
        for name in SCRIPTS:
            done = run("sh", os.path.join(unpacked, "DEBIAN", name), "no-such-word")
            self.assertEqual(done.returncode, 1, name)
            self.assertIn("no-such-word", done.stderr)


# /etc and /var/lib are copies that vanish with the namespace, and no systemd is seen: a service of this machine's own is left alone.
STAGE = """set -e
mount -t tmpfs tmpfs "$1"
for part in etc var/lib; do
  mkdir -p "$1/$part/upper" "$1/$part/work"
  mount -t overlay -o "lowerdir=/$part,upperdir=$1/$part/upper,workdir=$1/$part/work" overlay "/$part"
done
if [ -d /run/systemd ]; then mount -t tmpfs tmpfs /run/systemd; fi
mkdir -p /etc/twinshift
"""
SAYS = """say() { printf '%s %s\\n' "$1" "$(stat -c '%U:%G %a' "$2" 2>/dev/null || echo none)"; }
look() { say settings /etc/twinshift/twinshift.env; say state /var/lib/twinshift; say event /var/lib/twinshift/data/queue.db; readlink /var/lib/twinshift/.env || echo none; }
"""


class OnAMachine(unittest.TestCase):
    def act(self, script):
        """The script's lines, from a mount namespace in which it may do as it likes. $d: the maintainer scripts."""
        if os.geteuid() != 0:
            self.skipTest("needs root: mount namespace")
        with tempfile.TemporaryDirectory(prefix="twinshift-stage-") as stage:
            command = ["unshare", "-m", "--propagation", "private", "sh", "-c"]
            tried = run(*command, STAGE, "sh", stage)
            if tried.returncode != 0:
                self.skipTest(f"no mount namespace with overlays here: {tried.stderr.strip()}")
            body = STAGE + SAYS + f"d={unpacked}/DEBIAN; cp {unpacked}/etc/twinshift/* /etc/twinshift/\n" + script
            done = subprocess.run([*command, body, "sh", stage], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            return done.stdout.splitlines()

    def test_installation(self):
        lines = self.act("$d/postinst configure; look; getent passwd twinshift | cut -d: -f6-")
        self.assertIn("twinshift: edit /etc/twinshift/twinshift.env, then: systemctl enable --now twinshift", lines)
        self.assertIn("settings root:twinshift 640", lines)
        self.assertIn("state twinshift:twinshift 700", lines)
        self.assertIn("/etc/twinshift/twinshift.env", lines)
        self.assertEqual(lines[-1], "/var/lib/twinshift:/usr/sbin/nologin")

    def test_an_upgrade_changes_nothing_of_the_owners(self):
        lines = self.act("$d/postinst configure >/dev/null; echo PORT=81 >/etc/twinshift/twinshift.env; rm /var/lib/twinshift/.env; echo PORT=82 >/var/lib/twinshift/.env\n"
                         "chmod 750 /var/lib/twinshift; $d/prerm upgrade 0.2; $d/postrm upgrade 0.2; $d/postinst configure 0.1\n"
                         "look; cat /etc/twinshift/twinshift.env /var/lib/twinshift/.env")
        self.assertEqual(lines[-2:], ["PORT=81", "PORT=82"])
        self.assertIn("state twinshift:twinshift 750", lines)
        self.assertNotIn("edit", " ".join(lines))

    def test_events_outlive_removal_and_purge(self):
        prepare = "$d/postinst configure >/dev/null; install -d -m 700 -o twinshift /var/lib/twinshift/data; touch /var/lib/twinshift/data/queue.db\n"
        lines = self.act(prepare + "$d/prerm remove; $d/postrm remove; look")
        self.assertIn("settings root:twinshift 640", lines)
        self.assertTrue([l for l in lines if l.startswith("event root")], lines)
        lines = self.act(prepare + "$d/prerm remove; $d/postrm remove; rm /etc/twinshift/twinshift.env.example; $d/postrm purge; look; getent passwd twinshift; [ -d /etc/twinshift ] || echo gone")
        self.assertIn("settings none", lines)
        self.assertTrue([l for l in lines if l.startswith("event root")], lines)
        self.assertTrue([l for l in lines if l.startswith("twinshift: /var/lib/twinshift and the user 'twinshift' are left")], lines)
        self.assertTrue(lines[-2].startswith("twinshift:"), "the user owns what is left")
        self.assertEqual(lines[-1], "gone")


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
