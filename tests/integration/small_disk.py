"""A disk of a few megabytes that only this test sees: a tmpfs in a mount namespace of its own. Skips the test where that is not permitted."""

import errno
import os
import subprocess
import unittest

from harness import PATIENCE_SECONDS

MOUNT = 'mount -t tmpfs -o "$2" tmpfs "$1" && echo mounted && exec cat'
THERE = 'cd "$1" && shift && exec "$@"'


class SmallDisk:
    """Mounted at `folder`, with the `options` of mount, such as size=8m; gone with close()."""

    def __init__(self, folder, options):
        self.folder = folder
        try:
            self.holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", MOUNT, "sh", folder, options],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        except FileNotFoundError:
            raise unittest.SkipTest("there is no `unshare` here") from None
        if self.holder.stdout.readline() != "mounted\n":
            reason = self.holder.communicate()[1].strip()
            raise unittest.SkipTest(f"no mount namespace is permitted here: {reason}")

    def close(self):
        self.holder.communicate(timeout=PATIENCE_SECONDS)

    def command(self, folder, *arguments):
        """What runs `arguments` in `folder`, with the disk in sight."""
        return ["nsenter", "-t", str(self.holder.pid), "-m", "--", "sh", "-c", THERE, "sh", folder, *arguments]

    def path(self, *names):
        """By which everybody sees what is on it."""
        return os.path.join(f"/proc/{self.holder.pid}/root{self.folder}", *names)

    def fill(self, name="filler"):
        """To its last byte; removed again by its name."""
        with open(self.path(name), "wb", buffering=0) as file:
            for size in (1_000_000, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
