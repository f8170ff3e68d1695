"""A PostgreSQL server that a test makes and throws away: a cluster in a temporary folder, on 127.0.0.1 at a free port, never as root.

Whatever ends the process that made it (also kill -9), the server is stopped and its folder removed: a small guard process holds one end of
a pipe and cleans up when the other end closes. One thread at a time."""

import atexit
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from ports import free_port

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
PORT_TRIES_MAX = 5  # between finding a free port and the server's taking it somebody else may
USER = "twinshift"  # the cluster's superuser
KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")  # where there is one

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "fsync": "on",
    "full_page_writes": "on",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %d ",
    "timezone": "UTC",
    "lc_messages": "C",
}


class ServerError(Exception):
    """The server could not be made, started or asked."""


def find_bin_folder():
    """The newest installed version's folder of programs, also where it is not on the PATH (Debian, Ubuntu)."""
    candidates = [c for c in glob.glob("/usr/lib/postgresql/*/bin") if os.access(os.path.join(c, "initdb"), os.X_OK)]
    if candidates:
        return max(candidates, key=lambda c: [int(n) for n in c.split("/")[4].split(".") if n.isdigit()])
    for program in ("initdb", "pg_config"):
        found = shutil.which(program)
        if found and program == "initdb":
            return os.path.dirname(os.path.realpath(found))
        if found:
            folder = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
            if os.access(os.path.join(folder, "initdb"), os.X_OK):
                return folder
    raise ServerError("no PostgreSQL server found in /usr/lib/postgresql/*/bin; install it (./dev setup test)")


def unprivileged_user():
    """None: we are not root, the server runs as we do. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("running as root, and there is no user `postgres` or `nobody` to run the server as")


class PostgresServer:
    """`password`: clients over TCP must give it (SCRAM); without one everybody on the loopback is trusted. `settings` win over SETTINGS."""

    def __init__(self, password=None, settings=None):
        self.password = password
        self.user = USER
        self.port = 0
        self._bin = find_bin_folder()
        self._settings = {**SETTINGS, **(settings or {})}
        self._owner = unprivileged_user()
        self._process = None
        self.folder = tempfile.mkdtemp(prefix="twinshift-pg-")
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "server.log")
        if self._owner:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        self._guard = subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), self.folder], stdin=subprocess.PIPE,
                                       start_new_session=True)
        atexit.register(self.remove)
        try:
            self._initialise()
        except BaseException:
            self.remove()
            raise

    def __enter__(self):
        if not self.running():
            self.start()
        return self

    def __exit__(self, *_):
        self.remove()

    def start(self):
        """Returns once clients are let in. The first time at a port of its choice, afterwards always at that one."""
        if self.port:
            self._start_at(self.port)
            return self
        for attempt in range(PORT_TRIES_MAX):
            try:
                self._start_at(free_port())
                return self
            except ServerError:
                if attempt + 1 == PORT_TRIES_MAX:
                    raise
        return self

    def stop(self, mode="fast"):
        """"smart" waits for the clients, "fast" cuts them off, "immediate" crashes (and recovers at the next start)."""
        self._end({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])

    def kill9(self):
        """As if the machine's power were cut, but for the kernel's caches: every process of the server gets SIGKILL at once."""
        if not self.running():
            return
        children = children_of(self._process.pid)
        self._process.send_signal(signal.SIGKILL)
        for child in children:
            send_signal(child, signal.SIGKILL)
        self._process.wait(STOP_SECONDS_MAX)
        wait_for(lambda: not any(os.path.exists(f"/proc/{child}") for child in children), "the server's children to end")
        self._process = None

    def restart(self, mode="fast"):
        """The same port, the same data. Also starts a server that was killed."""
        if self.running():
            self.stop(mode)
        self.start()

    def program(self, name):
        """The path of one of the installed version's own programs, such as psql."""
        return os.path.join(self._bin, name)

    def pid(self):
        """Of the server's first process; None while it is stopped."""
        return self._process.pid if self.running() else None

    def running(self):
        return self._process is not None and self._process.poll() is None

    def url(self, database="postgres", scheme="postgresql"):
        secret = f":{self.password}" if self.password else ""
        return f"{scheme}://{self.user}{secret}@127.0.0.1:{self.port}/{database}"

    def psql(self, sql, database="postgres", seconds_max=120):
        """What psql prints: a line a row, columns parted by `|`. Raises ServerError with the server's text."""
        command = [self.program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user,
                   "-d", database, "-f", "-"]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=seconds_max, check=False,
                              env={**os.environ, "PGPASSWORD": self.password or "", "PGCLIENTENCODING": "UTF8"})
        if done.returncode != 0:
            raise ServerError(done.stderr.strip())
        return done.stdout.rstrip("\n")

    def create_database(self, name):
        self.psql(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING \'UTF8\'')
        return self.url(name)

    def drop_database(self, name):
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def remove(self):
        """Stops the server and removes everything of it. More than once is fine."""
        atexit.unregister(self.remove)
        if self.running():
            self._end(signal.SIGQUIT)
        if self._guard.poll() is None:
            self._guard.stdin.close()  # which tells the guard to clean up
            self._guard.wait(STOP_SECONDS_MAX)

    def _as_owner(self):
        if not self._owner:
            return {}
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}

    def _initialise(self):
        if self.password or not self._copy(self._kept(), self.data):
            self._initdb()
            if not self.password:
                self._keep()
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(f"unix_socket_directories = '{self.folder}'\n")
            file.writelines(f"{name} = '{value}'\n" for name, value in self._settings.items())

    def _kept(self):
        """A new cluster of this version and owner, to be copied: initdb takes a second and more of work."""
        return os.path.join(KEPT, f"postgres-{self._bin.strip('/').replace('/', '-')}-{self._owner.pw_uid if self._owner else os.geteuid()}")

    def _keep(self):
        own = f"{self._kept()}.{os.getpid()}"
        if os.path.isdir(KEPT) and self._copy(self.data, own):
            try:
                os.rename(own, self._kept())
            except OSError:  # another was quicker
                shutil.rmtree(own, ignore_errors=True)

    @staticmethod
    def _copy(source, target):
        if not os.path.isdir(source):
            return False
        if subprocess.run(["cp", "-a", source, target], capture_output=True, check=False).returncode == 0:
            return True
        shutil.rmtree(target, ignore_errors=True)
        return False

    def _initdb(self):
        command = [self.program("initdb"), "-D", self.data, "-U", self.user, "-E", "UTF8", "--locale=C", "--no-sync", "--auth-local=trust"]
        if self.password:
            pwfile = os.path.join(self.folder, "password")
            with open(os.open(pwfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(self.password)
            if self._owner:
                os.chown(pwfile, self._owner.pw_uid, self._owner.pw_gid)
            command += ["--auth-host=scram-sha-256", f"--pwfile={pwfile}"]
        else:
            command += ["--auth-host=trust"]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, env=clean_environment(), **self._as_owner())
        if done.returncode != 0:
            raise ServerError(f"initdb failed: {done.stderr.strip()}")

    def _start_at(self, port):
        # The pid file of a server that was killed may name a process that has its number by now.
        remove_file(os.path.join(self.data, "postmaster.pid"))
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen([self.program("postgres"), "-D", self.data, "-p", str(port)], cwd="/",
                                             stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, start_new_session=True, env=clean_environment(), **self._as_owner())
        try:
            wait_for(self._is_ready, "the server to let clients in", START_SECONDS_MAX)
        except ServerError as error:
            if self.running():
                self._end(signal.SIGQUIT)
            raise ServerError(f"{error}; its log ends: {self.log()[-2000:]}") from error
        self.port = port

    def _is_ready(self):
        if self._process.poll() is not None:
            raise ServerError(f"the server ended with {self._process.returncode} while starting")
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _end(self, number):
        if self._process is None:
            return
        children = children_of(self._process.pid)
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS_MAX)
        for child in children:
            if os.path.exists(f"/proc/{child}"):
                send_signal(child, signal.SIGKILL)
        self._process = None


def clean_environment():
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def remove_file(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def wait_for(condition, what, seconds=STOP_SECONDS_MAX):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ServerError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


def guard(folder):
    """Lives until its standard input ends: then whoever made the server is done, or dead."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    try:
        with open(os.path.join(folder, "data", "postmaster.pid"), encoding="utf-8") as file:
            pid = int(file.readline())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            ours = folder.encode() in file.read()
    except (OSError, ValueError):
        ours = False
    if ours:
        send_signal(pid, signal.SIGQUIT)
        try:
            wait_for(lambda: not os.path.exists(f"/proc/{pid}"), "the server to end")
        except ServerError:
            send_signal(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(sys.argv[1])
