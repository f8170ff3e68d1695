"""Where a Node.js is that the programs in tests/node run on: find_node(). `python3 node.py` prints its path; `python3 node.py ARGS...` runs
it there with these arguments."""

import glob
import os
import shutil
import subprocess
import sys

MAJOR_MIN = 20
FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "node")


class NodeError(Exception):
    """There is none, or its packages are not installed."""


def major_of(program):
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    except OSError:
        return 0
    digits = told.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def find_node():
    """The system's where it is new enough, else the one among the packages."""
    system = shutil.which("node") or shutil.which("nodejs")
    if system and major_of(system) >= MAJOR_MIN:
        return system
    for own in glob.glob(os.path.join(FOLDER, "node_modules", "node-linux-*", "bin", "node")):
        if major_of(own) >= MAJOR_MIN:
            return own
    raise NodeError(f"no Node.js {MAJOR_MIN} or newer, neither the system's nor in tests/node/node_modules; ./dev setup test installs one")


def script(name):
    """The command that runs a program of tests/node."""
    if not os.path.isdir(os.path.join(FOLDER, "node_modules", "fauxqs")):
        raise NodeError("tests/node/node_modules is missing; ./dev setup test installs it")
    return [find_node(), os.path.join(FOLDER, name)]


if __name__ == "__main__":
    try:
        found = find_node()
        if len(sys.argv) == 1:
            print(found)
        else:
            os.chdir(FOLDER)
            os.execv(found, [found, *sys.argv[1:]])
    except NodeError as failure:
        sys.exit(str(failure))
