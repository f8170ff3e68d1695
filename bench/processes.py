"""Starting, metering and ending the processes of the bench. Everything listens on 127.0.0.1; everything is ended by its own id."""

import http.client
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "standin"))
from ports import free_port  # noqa: E402, F401 (for the scenarios, too)

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 60


class BenchError(Exception):
    """Says what happened and what to do; ends the bench."""


def cpu_seconds(pid):
    """User and system time of a process with all its threads, ended ones included; and of the children it has waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS, (int(fields[13]) + int(fields[14])) / TICKS


def cpu_seconds_fine(pid):
    """As above from the scheduler's nanoseconds: for a process that hardly does anything. Ended threads are left out."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return total / 1e9


def cpu_seconds_exact(pid):
    """User and system time of a process with all its threads, ended ones included, in nanoseconds: its CPU clock (clock_getcpuclockid)."""
    process_wide = 2
    return time.clock_gettime((~pid << 3) | process_wide)


def memory_peak_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine_busy_seconds():
    """CPU seconds of user and system work on the whole machine; the kernel's interrupts are left out."""
    user, nice, system = (int(x) / TICKS for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4])
    return user + nice + system


class Meter:
    """What happens between two moments: seconds, CPU of the named process, and the share of the machine that neither it nor our children used."""

    def __init__(self, pid):
        self.pid = pid
        self.begin = self._now()

    def _now(self):
        own, children = cpu_seconds(os.getpid())
        return time.monotonic(), cpu_seconds(self.pid)[0], machine_busy_seconds(), own + children

    def read(self):
        seconds, cpu, machine, bench = (b - a for a, b in zip(self.begin, self._now()))
        foreign = max(0.0, machine - cpu - bench) / (max(seconds, 1e-9) * CORES)
        return {"seconds": seconds, "cpu_seconds": cpu, "foreign_share": round(foreign, 3)}


class Child:
    """One process with a log file; ended by SIGTERM, then, after a bound, by SIGKILL."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.pid

    def log_tail(self):
        return b"\n".join(self.log_path.read_bytes().splitlines()[-8:]).decode(errors="replace")

    def wait_until_it_answers(self, port, path):
        """Where it does not, it is ended, and its log is in the error."""
        try:
            self._wait(port, path)
        except BenchError:
            self.stop()
            raise

    def _wait(self, port, path):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} ended with {self.process.returncode} at its start; its log ends:\n{self.log_tail()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                connection.request("GET", path)
                status = connection.getresponse().status
                connection.close()
                if status < 500:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise BenchError(f"{self.name} answered nothing on port {port} within {START_SECONDS_MAX} s; its log ends:\n{self.log_tail()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Twinshift(Child):
    """The service in a data folder of its own, with nothing of the caller's settings."""

    def __init__(self, binary, folder, settings=()):
        self.port = free_port()
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")}
        environment.update({
            "HOST": "127.0.0.1", "PORT": str(self.port), "TWINSHIFT_DATA_DIR": str(self.data), "LOG_LEVEL": "info",
            "SECONDARY_REDSHIFT_ENABLED": "true",
        })
        environment.update(dict(settings))
        self.folder.mkdir(parents=True, exist_ok=True)
        super().__init__("twinshift", [str(binary), "serve"], self.folder, environment)
        self.wait_until_it_answers(self.port, "/health")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/webhook/appsflyer"


class Nginx(Child):
    """The ceiling for intake: reads the body, answers 200."""

    def __init__(self, folder):
        self.port = free_port()
        folder = pathlib.Path(folder) / "nginx"
        folder.mkdir()
        template = pathlib.Path(__file__).with_name("nginx.conf.in").read_text(encoding="utf-8")
        configuration = folder / "nginx.conf"
        configuration.write_text(template.replace("@PORT@", str(self.port)).replace("@FOLDER@", str(folder)), encoding="utf-8")
        binary = next((p for p in ("/usr/sbin/nginx", "/usr/bin/nginx") if os.path.exists(p)), "nginx")
        if os.geteuid() == 0:  # its worker gives up root and must still reach its folder
            os.chmod(folder.parent, 0o755)
            os.chmod(folder, 0o777)
        super().__init__("nginx", [binary, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)], folder)
        self.wait_until_it_answers(self.port, "/webhook/appsflyer")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/webhook/appsflyer"

    @property
    def worker_pid(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else self.pid
