"""deploy/docker/: the Dockerfile and the compose file by a reader of our own, and what they promise kept by the real program without Docker: an
unprivileged user, a read-only root, one writable folder, 256 MB. The real image: tools/fresh-container, by hand."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import yaml

from deploying import BINARY, PATIENCE_SECONDS, ROOT, free_port, is_sanitized, packages_needed, read, run, tool, wait_until

DOCKERFILE = "deploy/docker/Dockerfile"
MEMORY_BYTES = 256 * 1024 * 1024
USER = 10001
EVENTS, RATE = 5000, 1000


def stages(text):
    """[[(instruction, arguments)]], one list a FROM; continued lines are joined, comments gone."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    found = []
    for line in joined.splitlines():
        if not line.strip():
            continue
        instruction, _, arguments = line.partition(" ")
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, arguments.strip()))
    return found


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.build, self.image = stages(read(DOCKERFILE))

    def only(self, instruction):
        (value,) = [a for i, a in self.image if i == instruction]
        return value

    def test_stages(self):
        self.assertEqual(self.build[0], ("FROM", "debian:12 AS build"))
        self.assertEqual(self.image[0], ("FROM", "debian:12-slim"))
        self.assertIn("./dev build", " ".join(a for i, a in self.build if i == "RUN"))
        self.assertEqual([a for i, a in self.image if i == "COPY"], ["--from=build /twinshift /usr/bin/twinshift"], "of the builder, the program alone")

    def test_how_it_runs(self):
        self.assertEqual(self.only("USER"), f"{USER}:{USER}")
        self.assertGreater(self.image.index(("USER", f"{USER}:{USER}")), max(i for i, (name, _) in enumerate(self.image) if name == "RUN"))
        self.assertEqual(self.only("VOLUME"), "/data")
        self.assertEqual(self.only("STOPSIGNAL"), "SIGTERM")
        self.assertEqual(dict(pair.split("=") for pair in self.only("ENV").split()), {"HOST": "0.0.0.0", "TWINSHIFT_DATA_DIR": "/data"})
        self.assertTrue(self.only("HEALTHCHECK").endswith('CMD ["twinshift", "health"]'))
        self.assertEqual((self.only("ENTRYPOINT"), self.only("CMD")), ('["twinshift"]', '["serve"]'))
        self.assertIn(f"install -d -m 0700 -o {USER} -g {USER} /data", self.only("RUN"))

    def test_the_health_check_has_more_time_than_the_command(self):
        limit = int(re.search(r"kHealthMax\{(\d)'000\}", read("src/app/commands.hpp"))[1])
        self.assertGreater(int(re.search(r"--timeout=(\d+)s", self.only("HEALTHCHECK"))[1]), limit)

    def test_nothing_comes_from_elsewhere_and_no_secret_is_in_it(self):
        for instruction, arguments in self.build + self.image:
            self.assertNotEqual(instruction, "ADD")
            self.assertNotIn("://", arguments)
            if instruction in ("ARG", "ENV"):
                self.assertNotRegex(arguments, r"(?i)token|secret|password|key")

    def test_no_package_list_stays(self):
        for instruction, arguments in self.build + self.image:
            if instruction == "RUN" and re.search(r"apt-get install|dev setup", arguments):
                self.assertIn("rm -rf /var/lib/apt/lists/*", arguments)

    def test_its_packages_are_those_that_the_program_needs(self):
        if re.search(r'^VERSION_ID="12"$', read("/etc/os-release"), re.MULTILINE) is None:
            self.skipTest("the libraries' packages have Debian 12's names in it")
        if is_sanitized(BINARY):
            self.skipTest("a program with sanitizers needs other libraries")
        installed = re.search(r"--no-install-recommends(.*?)&&", self.only("RUN"), re.DOTALL)[1].split()
        self.assertEqual(sorted(installed), installed, "sorted, so that one is found")
        everywhere = {"libc6", "libgcc-s1"}  # in the base; libstdc++6 brings the second
        self.assertEqual(set(installed) - {"ca-certificates"}, set(packages_needed()) - everywhere)

    def test_only_sources_reach_the_builder(self):
        let_in = [l for l in read(".dockerignore").splitlines() if l and not l.startswith("#")]
        self.assertEqual(let_in[0], "*")
        for line in let_in[1:]:
            self.assertTrue(line.startswith("!") and os.path.exists(os.path.join(ROOT, line[1:])), line)
        copied = [a.split()[:-1] for i, a in self.build if i == "COPY"]
        for source in (s for sources in copied for s in sources):
            self.assertTrue(any(source == l[1:] or source.startswith(l[1:] + "/") for l in let_in[1:]), source)


class Compose(unittest.TestCase):
    def test_what_it_takes_away_and_gives(self):
        service = yaml.safe_load(read("deploy/docker/compose.yaml"))["services"]["twinshift"]
        self.assertIs(service["read_only"], True)
        self.assertEqual(service["cap_drop"], ["ALL"])
        self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
        self.assertEqual(service["mem_limit"], "256m")
        self.assertNotIn("tmpfs", service)
        self.assertNotIn("privileged", service)
        self.assertNotIn("environment", service, "settings come from outside")
        shutdown = int(re.search(r"`SHUTDOWN_TIMEOUT` \| `(\d+) s`", read("docs/configuration.md"))[1])
        self.assertGreater(int(service["stop_grace_period"].removesuffix("s")), shutdown)
        self.assertEqual(service["volumes"], ["data:/data"])
        self.assertTrue(service["ports"][0].startswith("127.0.0.1:"), "others reach it by what somebody puts in front")


# $1: an empty folder for the root, $2: the program, $3: the data folder. Everything is read-only but $3.
ROOT_SCRIPT = """set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/usr" "$1/etc" "$1/proc" "$1/dev" "$1/data" "$1/app"
for part in bin sbin lib lib64; do
  if [ -h "/$part" ]; then ln -s "usr/$part" "$1/$part"; elif [ -d "/$part" ]; then mkdir "$1/$part"; mount --bind "/$part" "$1/$part"; fi
done
mount --bind /usr "$1/usr"; mount -o remount,bind,ro "$1/usr"
mount --bind /etc "$1/etc"; mount -o remount,bind,ro "$1/etc"
mount --rbind /proc "$1/proc"
for node in null urandom; do touch "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done
touch "$1/app/twinshift"; mount --bind "$2" "$1/app/twinshift"; mount -o remount,bind,ro "$1/app/twinshift"
mount --bind "$3" "$1/data"
mount -o remount,ro "$1"
"""
BECOME = "setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs"


class Memory:
    """A control group of its own with the image's limit, or nothing where none can be made."""

    def __init__(self):
        self.folder = None
        for parent, limit in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
            folder = os.path.join(parent, f"twinshift-test-{os.getpid()}")
            try:
                os.mkdir(folder)
            except OSError:
                continue
            try:
                # No "w": where this is no control group, it must not become a file.
                with open(os.path.join(folder, limit), "r+", encoding="ascii") as file:
                    file.write(str(MEMORY_BYTES))
                self.folder = folder
                return
            except OSError:
                os.rmdir(folder)

    def enter(self):
        if self.folder is not None:
            with open(os.path.join(self.folder, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

    def remove(self):
        if self.folder is not None:
            os.rmdir(self.folder)


class WithoutDocker(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: mount namespace, another user")
        for name in ("unshare", "setpriv", "nsenter"):
            tool(name)
        self.folder = tempfile.mkdtemp(prefix="twinshift-container-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.root, self.data = (os.path.join(self.folder, name) for name in ("root", "data"))
        os.mkdir(self.root)
        os.mkdir(self.data, 0o700)
        os.chown(self.data, USER, USER)
        tried = self.enter("true")
        if tried.returncode != 0:
            self.skipTest(f"no mount namespace here: {tried.stderr.strip()}")

    def command(self, what):
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", ROOT_SCRIPT + what, "sh", self.root, BINARY, self.data]

    def enter(self, what):
        return run(*self.command(what))

    def start(self, memory):
        self.port = free_port()
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOST": "0.0.0.0", "PORT": str(self.port), "TWINSHIFT_DATA_DIR": "/data",
                            "SECONDARY_REDSHIFT_ENABLED": "true", "DISK_RESERVE": "16MB"}
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.addCleanup(self.log.close)
        service = subprocess.Popen(self.command(f'exec chroot "$1" {BECOME} sh -c "cd /data && exec /app/twinshift serve"'), env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=memory.enter)
        self.addCleanup(self.end, service)
        return service

    def end(self, service):
        if service.poll() is None:
            service.kill()
            service.wait(PATIENCE_SECONDS)

    def inside(self, service, *arguments):
        return run("nsenter", "-t", service.pid, "-m", "-r", *BECOME.split(), "/app/twinshift", *arguments, env=self.environment)

    def said(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()[-3000:]

    def status(self, service):
        with open(f"/proc/{service.pid}/status", encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def test_load_within_the_images_limits(self):
        if is_sanitized(BINARY):
            self.skipTest("a program with sanitizers takes several times the memory")
        memory = Memory()
        self.addCleanup(memory.remove)
        service = self.start(memory)

        def healthy():
            self.assertIsNone(service.poll(), self.said())
            return self.inside(service, "health").returncode == 0
        wait_until(healthy, "twinshift health")
        status = self.status(service)
        self.assertEqual(status["Uid"].split(), [str(USER)] * 4)
        self.assertEqual((int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]), (0, 0, "1"))
        sent = run(BINARY, "generate", "--events", EVENTS, "--rate", RATE, "--url", f"http://127.0.0.1:{self.port}/webhook/appsflyer", env=self.environment)
        self.assertEqual(sent.returncode, 0, sent.stderr + self.said())
        count = "SELECT count(*) AS n FROM appsflyer_events"

        def landed():
            done = self.inside(service, "query", count, "--format", "csv")
            return len(re.findall(rf"\b{EVENTS}\b", done.stdout)) == 2
        wait_until(landed, f"{EVENTS} events in both warehouses")
        self.assertEqual(self.inside(service, "health", "--ready").returncode, 0)
        peak = int(self.status(service)["VmHWM"].split()[0]) * 1024
        print(f"peak memory {peak // 2**20} MiB of 256; {'limited by a control group' if memory.folder else 'no control group could be made'}; {sent.stdout.strip()}")
        self.assertLess(peak, MEMORY_BYTES)
        service.send_signal(signal.SIGTERM)
        self.assertEqual(service.wait(PATIENCE_SECONDS), 0, self.said())

    def test_nothing_else_can_be_written(self):
        done = self.enter(f'chroot "$1" {BECOME} sh -c "for f in / /usr /etc /app /data; do if touch \\$f/x 2>/dev/null; then echo \\$f; fi; done"')
        self.assertEqual(done.stdout.split(), ["/data"], done.stderr)

    def test_a_folder_of_another_owner_is_told(self):
        os.chown(self.data, 0, 0)
        done = run(*self.command(f'exec chroot "$1" {BECOME} /app/twinshift serve'),
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOST": "127.0.0.1", "PORT": "0", "TWINSHIFT_DATA_DIR": "/data"})
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("/data", done.stderr)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
