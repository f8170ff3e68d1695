"""Runs `twinshift doctor` for the tests and compares what it finds wrong with what is wrong."""

import ctypes
import json
import os
import subprocess

from harness import BINARY, PATIENCE_SECONDS, ServiceTest

SECRET = "canary+secret/access+key"
PASSWORD = "canary-password"
STA_UNSYNC = 0x40
ISSUES = ("Issue 1: VPC Endpoint Connection Timeout", "Issue 2: Permission Denied", "Issue 3: Secondary Insert Fails but Primary Succeeds")


def kernel_keeps_time():
    """Whether this machine's own clock is in step, as the kernel says it: the one check that goes by the machine the test runs on."""
    state = (ctypes.c_long * 64)()  # struct timex begins: unsigned modes, 4 longs, int status
    ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    return not ctypes.c_int.from_buffer(state, 5 * ctypes.sizeof(ctypes.c_long)).value & STA_UNSYNC


class Doctor(ServiceTest):
    """`examine` runs it and says what is wrong: "about.id" -> the check."""

    def ask(self, settings, *arguments, preexec=None):
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TZ", "LC_ALL") or k.endswith("SAN_OPTIONS")}
        environment |= {"HOST": "127.0.0.1", "PORT": "0", "SECONDARY_REDSHIFT_ENABLED": "true", "DISK_RESERVE": "16MB", **settings}
        return subprocess.run([os.path.abspath(BINARY), "doctor", *arguments], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, text=True, preexec_fn=preexec)

    def examine(self, settings, *arguments, preexec=None):
        done = self.ask(settings, "--json", *arguments, preexec=preexec)
        self.told = json.loads(done.stdout)
        wrong = {f"{c['about']}.{c['id']}": c for c in self.told["checks"] if c["state"] in ("warn", "fail")}
        if not kernel_keeps_time():
            self.assertEqual(wrong.pop("machine.clock")["state"], "warn")
        failed = any(c["state"] == "fail" for c in wrong.values())
        self.assertEqual(done.returncode, 1 if failed else 0, done.stdout + done.stderr)
        for check in wrong.values():
            self.assertTrue(check["means"] and check["mend"], check)
        for canary in (SECRET, PASSWORD):
            self.assertNotIn(canary, done.stdout + done.stderr)
        return wrong

    def expect(self, settings, expected, *arguments, preexec=None, issues=()):
        """`expected`: "about.id" -> (state, words that what, means and mend hold together). Exactly these."""
        wrong = self.examine(settings, *arguments, preexec=preexec)
        self.assertEqual({name: c["state"] for name, c in wrong.items()}, {name: state for name, (state, *_) in expected.items()}, json.dumps(wrong, indent=1))
        for name, (_, *words) in expected.items():
            text = " ".join(wrong[name].get(part, "") for part in ("what", "means", "mend"))
            for word in words:
                self.assertIn(word, text)
        self.assertEqual(self.told["issues"], list(issues))

    def what(self, name):
        return next(c for c in self.told["checks"] if f"{c['about']}.{c['id']}" == name)["what"]

    def state(self, name):
        return next(c for c in self.told["checks"] if f"{c['about']}.{c['id']}" == name)["state"]
