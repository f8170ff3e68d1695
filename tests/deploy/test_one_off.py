"""deploy/cloudformation/one-off: what it asks AWS for, what it prints and how it ends, with a client that answers from a list. That the commands work from
a task of their own is shown by tests/integration/test_commands_elsewhere.py."""

import json
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from deploying import PATIENCE_SECONDS, tool

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy" / "cloudformation" / "one-off"
CLIENT = '''#!/usr/bin/env python3
import json, sys
state = json.load(open({state!r}))
operation = " ".join(sys.argv[1:3])
queue = state["answers"][operation]
code, text = queue.pop(0) if len(queue) > 1 else queue[0]
state["calls"].append(sys.argv[1:])
json.dump(state, open({state!r}, "w"))
print(text, file=sys.stdout if code == 0 else sys.stderr)
sys.exit(code)
'''
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/twinshift:7"
TASK = "arn:aws:ecs:us-east-1:123456789012:task/twinshift/0a1b2c"
NETWORK = '{"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}'
SOUND = {
    "ecs describe-services": [(0, f"ACTIVE\t{DEFINITION}"), (0, NETWORK)],
    "ecs run-task": [(0, f"{TASK}\tNone")],
    "ecs describe-tasks": [(0, "PROVISIONING\tNone\tNone"), (0, "RUNNING\tNone\tNone"), (0, "STOPPED\t1\tEssential container in task exited")],
    "logs filter-log-events": [(0, ""), (0, "a line"), (0, "a line\nanother")],
}


class OneOff(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        client = self.folder / "aws"
        client.write_text(CLIENT.format(state=str(self.folder / "state.json")), encoding="utf-8")
        client.chmod(client.stat().st_mode | stat.S_IXUSR)

    def run_it(self, *arguments, **changed):
        state = self.folder / "state.json"
        state.write_text(json.dumps({"answers": {**SOUND, **{name.replace("__", " ").replace("_", "-"): answers for name, answers in changed.items()}},
                                     "calls": []}), encoding="utf-8")
        environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "ONE_OFF_POLL_SECONDS": "0.01"}
        done = subprocess.run([SCRIPT, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        self.calls = json.loads(state.read_text(encoding="utf-8"))["calls"]
        return done

    def sent(self, name):
        call = next(call for call in self.calls if call[:2] == ["ecs", "run-task"])
        return call[call.index(name) + 1]

    def test_the_command_runs_like_the_service_and_its_code_and_lines_come_back(self):
        where = 'campaign="O\'Brien \\ co" -- $(x)'
        done = self.run_it("--region", "us-east-1", "erase", "--where", where, "--yes")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "a line\nanother\n", ""))
        (override,) = json.loads(self.sent("--overrides"))["containerOverrides"]
        self.assertEqual(override, {"name": "twinshift", "command": ["erase", "--where", where, "--yes"]})
        self.assertEqual((self.sent("--task-definition"), self.sent("--cluster"), self.sent("--network-configuration")), (DEFINITION, "twinshift", NETWORK))
        for call in self.calls:
            self.assertEqual(call[call.index("--region") + 1], "us-east-1")
        log = self.calls[-1]
        self.assertEqual((log[log.index("--log-group-name") + 1], log[log.index("--log-stream-names") + 1]), ("/twinshift/twinshift", "twinshift/twinshift/0a1b2c"))

    def test_another_name_is_its_cluster_service_and_log_group(self):
        done = self.run_it("--name", "twinshift-eu", "verify", ecs__describe_tasks=[(0, "STOPPED\t0\tdone")])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.sent("--cluster"), "twinshift-eu")
        self.assertIn("/twinshift/twinshift-eu", self.calls[-1])

    def check_failed(self, done, *words):
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        for word in words:
            self.assertIn(word, done.stderr)

    def test_what_goes_wrong_is_told_and_is_never_the_commands_own_code(self):
        self.check_failed(self.run_it("verify", ecs__describe_services=[(0, "None\tNone")]), "no service twinshift runs", "--name and --region")
        self.check_failed(self.run_it("verify", ecs__describe_services=[(255, "Unable to locate credentials")]), "Unable to locate credentials")
        self.check_failed(self.run_it("verify", ecs__run_task=[(0, "None\tRESOURCE:CPU")]), "RESOURCE:CPU")
        self.check_failed(self.run_it("verify", ecs__describe_tasks=[(0, "STOPPED\tNone\tCannotPullContainerError: not found")]), "CannotPullContainerError", TASK)
        self.check_failed(self.run_it("verify", logs__filter_log_events=[(254, "AccessDenied")]), "AccessDenied", TASK)

    def test_what_it_does_not_send(self):
        for arguments in ((), ("--name",), ("--nonsense", "verify"), ("--name", "A B", "verify"), ("serve",), ("query", "SELECT 1\nFROM t")):
            with self.subTest(arguments):
                done = self.run_it(*arguments)
                self.assertEqual((done.returncode, done.stdout), (125, ""))
                self.assertTrue(done.stderr)
                self.assertEqual([call for call in self.calls if call[:2] == ["ecs", "run-task"]], [])

    def test_shellcheck(self):
        tool("shellcheck")
        done = subprocess.run(["shellcheck", SCRIPT], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
