"""The page in a browser: for the tests that look at it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness import PATIENCE_SECONDS, ServiceTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BROWSER = os.environ.get("TWINSHIFT_CHROMIUM", "/usr/bin/chromium")


@unittest.skipUnless(shutil.which(BROWSER), "needs a browser: Debian's chromium (Ubuntu's is a snap)")
class BrowserTest(ServiceTest):
    """TWINSHIFT_SCREENSHOTS names a folder for the pictures of docs/page.md."""

    def look(self, service, level, name, once_open=lambda: None):
        """`once_open` is done when the page is there: what it leads to may be over before a browser has started."""
        pictures = os.environ.get("TWINSHIFT_SCREENSHOTS", "")
        command = [sys.executable, "-B", str(ROOT / "tests" / "standin" / "node.py"), "page_view.mjs", f"http://127.0.0.1:{service.port}", level, pictures, name]
        with subprocess.Popen(command, cwd=ROOT / "tests" / "node", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
            said = done.stderr.readline()
            once_open()
            output, errors = done.communicate(timeout=3 * PATIENCE_SECONDS)
        self.assertTrue(output, said + errors)
        told = json.loads(output)
        self.assertEqual((told["faults"], done.returncode), ([], 0))
        self.assertTrue(told["live"].startswith("live, "), told["live"])
        self.assertEqual(told["markup"], 0)
        self.assertEqual([lane["name"].split(" ")[0] for lane in told["lanes"]], ["Primary", "Secondary"])
        return told

    def generate(self, service, events, seed, *arguments):
        done = self.run_command("generate", "--events", str(events), "--seed", str(seed), "--url", f"http://127.0.0.1:{service.port}/webhook/appsflyer", *arguments, timeout=3 * PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
