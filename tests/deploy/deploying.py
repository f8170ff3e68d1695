"""What the tests of packages, unit and image share: where things are, what is skipped and why, and a service to look at."""

import functools
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "standin"))
from ports import free_port  # noqa: E402, F401 (for the tests)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("TWINSHIFT_BINARY", os.path.join(ROOT, "build/release/twinshift")))
BUILD = os.environ.get("TWINSHIFT_BUILD", os.path.join(ROOT, "build/release"))
PATIENCE_SECONDS = float(os.environ.get("TWINSHIFT_TEST_PATIENCE", "60"))


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def run(*command, seconds=PATIENCE_SECONDS, **more):
    """The finished process, its output as text."""
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=seconds, **more)


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed (./dev setup test)")
    return path


def libraries_of(binary):
    """Names of the shared libraries that the program itself asks for."""
    done = run(tool("readelf"), "-d", binary)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", done.stdout)


def is_sanitized(binary):
    return any(re.match(r"lib(asan|ubsan|tsan)\.", name) for name in libraries_of(binary))


@functools.cache
def packages_needed():
    """Debian's package -> what it provides, its own name included, for each library that the program asks for by name. The loader is libc6's."""
    paths = dict(re.findall(r"^\s*(\S+) => (\S+)", run("ldd", BINARY).stdout, re.MULTILINE))
    found = {}
    for library in libraries_of(BINARY):
        if library.startswith("ld-"):
            continue
        path = paths[library].removeprefix("/usr")  # where /usr is merged, dpkg knows the file by one of two names
        owner = next((done.stdout.split(":", 1)[0] for done in (run("dpkg-query", "-S", name) for name in (path, "/usr" + path)) if done.returncode == 0), None)
        if owner is None:
            raise AssertionError(f"no package has {path}")
        provided = run("dpkg-query", "-W", "-f", "${Provides}", owner).stdout
        found[owner] = {owner, *(entry.strip().split(" ")[0] for entry in provided.split(",") if entry.strip())}
    return found


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.05)
    return value
