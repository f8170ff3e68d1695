"""The scripts of deploy/aws-cli by the real aws client (v1 or v2) against cli_aws_standin.py: a dry run makes nothing, the first run makes, the second
changes nothing, and what is wrong is told before anything is made. The client is started once (cli_client.py); TWINSHIFT_TEST_LONG=1 (./dev check --full)
starts it for each of the hundred calls. The cases run beside each other."""

import concurrent.futures
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from cfn_resolve import Stack
from cfn_template import load
from cli_aws_standin import ACCOUNT, OTHER_ACCOUNT
from cli_case import ROOT, RUN_SECONDS_MAX, SCRIPTS, Case, settings_text
from cli_client import QuickClient

NAMES = ("1-queues", "2-endpoints", "3-permissions", "4-alarms", "check", "rollback")
AT_ONCE_MAX = 3
LONG = os.environ.get("TWINSHIFT_TEST_LONG") == "1"


def thrice(case, script, **changed):
    return [case.run(script, *more, **changed) for more in (["--dry-run"], [], [])]


def queues(case):
    runs = thrice(case, "1-queues")
    case.world.queues["us-east-1", "appsflyer-events-dlq"]["MessageRetentionPeriod"] = "345600"
    case.world.queues["us-east-1", "appsflyer-owed"]["RedrivePolicy"] = '{"deadLetterTargetArn":"arn:x","maxReceiveCount":3}'
    return runs + [case.run("1-queues")]


def endpoints(case):
    wire = {"SECONDARY_ACCESS": "wire", "MANAGED_ENDPOINT_NAME": "secondary", "MANAGED_ENDPOINT_SUBNET_GROUP": "private"}
    return [*thrice(case, "2-endpoints", **wire), *(case.run("2-endpoints", "--dry-run", CLIENT_CIDR=cidr) for cidr in ("10.0.0.0/15", "10.0.1.0/24"))]


def permissions(case):
    return thrice(case, "3-permissions")


def alarms(case):
    for name in ("appsflyer-events", "appsflyer-events-dlq", "appsflyer-owed"):
        case.world.queues["us-east-1", name] = {"MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576"}
    topics = {"ALARM_TOPIC_ARN": f"arn:aws:sns:us-east-1:{ACCOUNT}:wake", "TICKET_TOPIC_ARN": f"arn:aws:sns:us-east-1:{ACCOUNT}:morning"}
    return [case.run("4-alarms", *more, **topics) for more in ([], [])]


def metric(stat):
    return stat["Metric"]["MetricName"], stat["Stat"], int(stat["Period"]), tuple(sorted(each["Value"] for each in stat["Metric"]["Dimensions"]))


def wrong(case):
    return [case.run("check", VPC_ID="vpc-0aaaaaaaaaaaaaaa0", SECURITY_GROUP_ID="sg-0aaaaaaaaaaaaaaa0", PRIMARY_CLUSTER="nobodys-cluster", SECONDARY_CLUSTER="mumbai-cluster",
                     ENDPOINT_SERVICES="redshift-data,sts"),
            case.run("1-queues", AWS_REGION="us-east-9")]


def other_account(case):
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/twinshift"
    return [case.run("3-permissions", SECONDARY_ACCOUNT_ID=OTHER_ACCOUNT, SECONDARY_ROLE_ARN=role, PRINCIPAL="role/nobody"),
            case.run("3-permissions", "--dry-run", SECONDARY_ACCOUNT_ID=OTHER_ACCOUNT, SECONDARY_ROLE_ARN=role)]


def rollback(case, endpoint):
    """/ready is the stand-in's: the secondary is off already."""
    env = case.folder / ".env"
    env.write_text("SECONDARY_REDSHIFT_ENABLED=false\n", encoding="utf-8")
    return [case.run("rollback", "--remove-endpoint", *more, ENV_FILE=str(env), RELOAD_BY="none", READY_URL=case.standin.url + "/ready", ROLLBACK_ENDPOINT=endpoint)
            for more in (["--dry-run"], [], [])]


def removal(case):
    for number in (1, 2):
        case.world.endpoints[f"vpce-0000000{number}"] = {"vpcEndpointId": f"vpce-0000000{number}", "state": "available"}
    return rollback(case, "vpce-00000001")


def managed_removal(case):
    for name in ("secondary", "other"):
        case.world.managed[name] = {"EndpointName": name, "EndpointStatus": "active"}
    return rollback(case, "secondary") + rollback(case, "never-made")


@unittest.skipUnless(shutil.which("aws"), "no aws client (Debian: awscli)")
class ByTheClient(unittest.TestCase):
    CASES = (alarms, queues, endpoints, permissions, wrong, other_account, removal, managed_removal)
    WITHOUT_QUICK_CLIENT = (endpoints, wrong)

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="twinshift-test-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.client = None if LONG else QuickClient.start(cls.folder)
        works = cls.CASES if LONG or cls.client else cls.WITHOUT_QUICK_CLIENT
        path = os.pathsep.join([cls.folder, os.environ["PATH"]]) if cls.client else os.environ["PATH"]
        cls.cases = {work: Case(cls.folder, path) for work in works}
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE_MAX)
        cls.runs = {work: cls.pool.submit(work, case) for work, case in cls.cases.items()}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(cancel_futures=True)
        for case in cls.cases.values():
            case.standin.close()
        if cls.client:
            cls.client.close()

    def of(self, work):
        if work not in self.cases:
            self.skipTest("long with a client that cannot be imported: TWINSHIFT_TEST_LONG=1, ./dev check --full")
        runs = self.runs[work].result()
        for _, said, _ in runs:
            self.assertNotIn("4711", said)
        return self.cases[work].world, runs

    def assert_thrice(self, runs, made):
        (dry, dry_said, dry_made), (first, first_said, first_made), (second, second_said, second_made) = runs
        self.assertEqual((dry, dry_made), (0, []), dry_said)
        self.assertEqual(dry_said.count("\n  aws "), len(made), dry_said)
        self.assertIn(f"dry run: {len(made)} to change, nothing was made", dry_said)
        self.assertEqual((first, sorted(first_made)), (0, sorted(made)), first_said)
        self.assertEqual((second, second_made), (0, []), second_said)
        self.assertIn("nothing to change", second_said)

    def test_queues(self):
        world, runs = self.of(queues)
        self.assert_thrice(runs[:3], ["CreateQueue"] * 4)
        main = world.queues["us-east-1", "appsflyer-events"]
        self.assertEqual(json.loads(main["RedrivePolicy"]), {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:appsflyer-events-dlq", "maxReceiveCount": "20"})
        self.assertEqual({n: q["MessageRetentionPeriod"] for (_, n), q in world.queues.items()},
                         {"appsflyer-events": "604800", "appsflyer-events-dlq": "1209600", "appsflyer-owed": "1209600", "appsflyer-refused": "1209600"})
        self.assertEqual({q["MaximumMessageSize"] for q in world.queues.values()}, {"1048576"})
        code, said, made = runs[3]
        self.assertEqual((code, made), (0, ["SetQueueAttributes"]), said)
        self.assertIn("appsflyer-events-dlq (retention 345600 s", said)
        self.assertIn("differs, left as it is: appsflyer-owed has a redrive policy", said)

    def test_endpoints(self):
        world, runs = self.of(endpoints)
        self.assertEqual([(code, "CLIENT_CIDR 10.0.1.0/24 does not hold the VPC's network 10.0.0.0/16" in said) for code, said, _ in runs], [(0, False)] * 4 + [(1, True)])
        self.assert_thrice(runs[:3], ["AuthorizeSecurityGroupIngress", "CreateVpcEndpoint", "AuthorizeSecurityGroupIngress", "CreateEndpointAccess"])
        self.assertEqual(sorted(world.groups["sg-0b0b0b0b0b0b0b0b0"]["rules"]), [("443", "10.0.0.0/16"), ("5439", "10.0.0.0/16")])
        (made,) = world.endpoints.values()
        self.assertEqual((made["serviceName"], made["privateDnsEnabled"]), ("com.amazonaws.us-east-1.redshift-data", "true"))
        self.assertIn("SECONDARY_REDSHIFT_ENDPOINT=https://secondary-endpoint-fxsovvcwarpoattqgxt0.churfikvu1nn.us-east-1.redshift.amazonaws.com\n", runs[2][1])

    def rights(self, document):
        listed = lambda value: tuple(sorted([value] if isinstance(value, str) else value))
        return sorted((s["Effect"], listed(s["Action"]), listed(s["Resource"])) for s in document["Statement"])

    def test_permissions_are_those_of_the_page(self):
        world, runs = self.of(permissions)
        self.assert_thrice(runs, ["PutRolePolicy"] * 3)
        page = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8").split("\n## Rights\n")[1].split("\n## ")[0]
        policy = lambda part: json.loads(world.policies["twinshift", f"twinshift-{part}"])
        self.assertEqual(self.rights(policy("primary")), self.rights(json.loads(page.split("```json")[1].split("```")[0])))
        self.assertEqual(self.rights(policy("secondary")), self.rights(json.loads(json.dumps(policy("primary")).replace("primary-cluster", "secondary-cluster").replace("your_database", "analytics"))))
        rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `sqs:")]
        named = {"sqs:" + name for row in rows for name in re.findall(r"`(?:sqs:)?(\w+)`", row)}
        self.assertEqual({a for s in policy("queues")["Statement"] for a in s["Action"]}, named)
        self.assertNotIn("*", [r for s in policy("queues")["Statement"] for r in s["Resource"]])

    def test_alarms(self):
        world, ((first, first_said, made), (second, second_said, none)) = self.of(alarms)
        with open(ROOT / "deploy" / "alarms.csv", encoding="utf-8") as file:
            names = {row["name"] for row in csv.DictReader(file)}
        self.assertEqual((first, set(world.alarms)), (0, {f"twinshift-{n}" for n in names - {"OpenFiles", "CertificateExpires"}}), first_said)
        self.assertEqual(set(made), {"PutMetricAlarm"})
        self.assertEqual((second, none), (0, []), second_said)
        self.assertEqual([m["Id"] for m in world.alarms["twinshift-BooksMissing"]["Metrics"] if m["ReturnData"]], ["worse"])
        self.assertEqual([world.alarms[f"twinshift-{name}"]["AlarmActions"] for name in ("DeadLetters", "Quarantine")],
                         [[f"arn:aws:sns:us-east-1:{ACCOUNT}:{topic}"] for topic in ("wake", "morning")])

    def test_they_are_the_templates_alarms(self):
        """Bounds, periods and what no sample means; the failure rates are reckoned otherwise, from the same figures."""
        world, _ = self.of(alarms)
        resources = Stack(load("alarms"), {"PageTopicName": "wake", "TicketTopicName": "morning"}).resources
        for name, alarm in world.alarms.items():
            there = resources[name.removeprefix("twinshift-")]["Properties"]
            told = [(float(each["Threshold"]), int(each["EvaluationPeriods"]), each["ComparisonOperator"], each["TreatMissingData"]) for each in (alarm, there)]
            self.assertEqual(*told, name)
            self.assertEqual(alarm["AlarmActions"][0].rsplit(":", 1)[1], there["AlarmActions"][0].rsplit(":", 1)[1], name)
            if not name.endswith("InsertionFailures"):
                self.assertEqual(*({metric(each) for each in self.metrics(one)} for one in (alarm, there)), name)

    @staticmethod
    def metrics(alarm):
        return [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each] if "Metrics" in alarm else [{"Metric": alarm, "Stat": alarm["Statistic"], "Period": alarm["Period"]}]

    def test_all_that_is_wrong_is_told_at_once_and_nothing_is_made(self):
        _, ((code, said, made), (region_code, region_said, region_made)) = self.of(wrong)
        self.assertEqual((code, made, region_code, region_made), (1, [], 1, []), said + region_said)
        for words in (f"VPC vpc-0aaaaaaaaaaaaaaa0 is of account {OTHER_ACCOUNT}", "subnet subnet-0b0b0b0b0b0b0b0b0 is not in VPC", "security group sg-0aaaaaaaaaaaaaaa0",
                      "the primary's cluster nobodys-cluster is not in account", "the secondary's cluster mumbai-cluster is not in account", "SECONDARY_ROLE_ARN",
                      "queue appsflyer-refused is not in account", "nothing was made"):
            self.assertIn(words, said)
        self.assertIn("identity in us-east-9 (AWS_REGION)", region_said)

    def test_a_cluster_of_another_account_is_told_with_its_role(self):
        _, ((code, said, made), (by_role, role_said, none)) = self.of(other_account)
        self.assertEqual((code, made), (1, []), said)
        self.assertIn("role nobody (PRINCIPAL)", said)
        self.assertEqual((by_role, none), (0, []), role_said)
        self.assertIn("sts:AssumeRole", role_said)
        self.assertIn(f"arn:aws:redshift:us-east-1:{OTHER_ACCOUNT}:cluster:secondary-cluster", role_said)

    def test_rollback_removes_the_endpoint_it_is_told_and_no_other(self):
        world, runs = self.of(removal)
        self.assert_thrice(runs, ["DeleteVpcEndpoints"])
        self.assertEqual(set(world.endpoints), {"vpce-00000002"})
        self.assertIn("no endpoint vpce-00000001", runs[2][1])

    def test_rollback_removes_a_redshift_managed_endpoint_once(self):
        world, runs = self.of(managed_removal)
        self.assert_thrice(runs[:3], ["DeleteEndpointAccess"])
        self.assertEqual({name: each["EndpointStatus"] for name, each in world.managed.items()}, {"secondary": "deleting", "other": "active"})
        self.assertIn("endpoint secondary: deleting", runs[2][1])
        self.assertEqual({(code, tuple(made)) for code, _, made in runs[3:]}, {(0, ())})
        self.assertIn("no endpoint never-made", runs[3][1])


class Settings(unittest.TestCase):
    """These need no client: a fault of the settings is told before any call."""

    def run_with(self, text):
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder, "deploy.env")
            settings.write_text(text, encoding="utf-8")
            done = subprocess.run([SCRIPTS / "1-queues", "--settings", settings], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
            self.assertEqual(os.listdir(folder), ["deploy.env"])
            return done

    def test_all_faults_at_once_and_no_value(self):
        text = settings_text(VPC_ID="vpc-4711; touch x", CLIENT_CIDR="10.0.0.999/16", QUEUE_NAME="$(touch 4711)").replace("PRINCIPAL=", "PRINCIPLE=")
        done = self.run_with(text)
        self.assertEqual(done.returncode, 2)
        for name in ("VPC_ID is not", "CLIENT_CIDR is not", "QUEUE_NAME is not", "no setting of these scripts", "PRINCIPAL is missing"):
            self.assertIn(name, done.stderr)
        self.assertNotIn("4711", done.stdout + done.stderr)

    def test_what_only_several_say(self):
        done = self.run_with(settings_text(SECONDARY_ACCESS="wire", DLQ_NAME="appsflyer-events"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("needs MANAGED_ENDPOINT_NAME", done.stderr)
        self.assertIn("must differ", done.stderr)
        self.assertIn("SECONDARY_ACCOUNT_ID needs SECONDARY_ROLE_ARN", self.run_with(settings_text(SECONDARY_ACCOUNT_ID=OTHER_ACCOUNT)).stderr)

    def test_the_usual_slips_are_told_by_their_names(self):
        for text, words in ((settings_text().replace("\n", "\r\n"), "ends in CR LF"), (settings_text(PRINCIPAL='"role/x"'), "take the quotes off"),
                            (settings_text(AWS_REGION="us-east-1 "), "take the blanks off"), (settings_text() + "export X=1\n", "without export"),
                            ((SCRIPTS / "deploy.env.example").read_text(encoding="utf-8"), "VPC_ID is still the example's")):
            done = self.run_with(text)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(words, done.stderr)
            self.assertTrue(done.stderr.count("\n") == 1 or "CR LF" not in done.stderr, done.stderr)
        folder = subprocess.run([SCRIPTS / "1-queues", "--settings", "/tmp"], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
        self.assertEqual((folder.returncode, "cannot read the settings /tmp" in folder.stderr), (2, True), folder.stderr)
        shown = subprocess.run([SCRIPTS / "1-queues", "--help"], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
        self.assertEqual((shown.returncode, "deploy.env" in shown.stdout), (0, True), shown.stderr)

    def test_an_unknown_argument_shows_the_usage(self):
        for name in NAMES:
            done = subprocess.run([SCRIPTS / name, "--force"], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
            self.assertEqual((done.returncode, f"{name} [" in done.stderr), (2, True), done.stderr)

    @unittest.skipUnless(shutil.which("shellcheck"), "no shellcheck")
    def test_shellcheck(self):
        done = subprocess.run(["shellcheck", "-x", "common.sh", "settings.sh", *NAMES], cwd=SCRIPTS, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
