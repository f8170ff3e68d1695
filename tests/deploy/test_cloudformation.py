"""deploy/cloudformation: each template as CloudFormation would read it. What a cloud alone can show is in docs/deploy-aws.md, "Not run here"."""
import copy
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import cfn_cases as cases
from cfn_resolve import Refused, Stack
from cfn_shape import exports, faults, imports
from cfn_template import FOLDER, ORDER, ROOT, load, load_all, parse

BINARY = os.environ.get("TWINSHIFT_BINARY", "")
SAMPLE = """
Parameters:
  Name: {Type: String, Default: a, AllowedPattern: "^a$", ConstraintDescription: an a, Description: A name.}
Conditions:
  Named: !Not [!Equals [!Ref Name, ""]]
Resources:
  One: {Type: "AWS::SQS::Queue", Condition: Named, Properties: {QueueName: !Ref Name}}
  Two: {Type: "AWS::SQS::QueuePolicy", Properties: {Queues: [!Ref One], PolicyDocument: !Sub "${One.Arn}"}}
Outputs:
  Url: {Value: !Ref One, Description: Its URL.}
"""


class Shape(unittest.TestCase):
    def test_the_folder_holds_the_stacks_and_no_others(self):
        self.assertEqual({path.stem for path in FOLDER.glob("*.yaml")}, set(ORDER))

    def test_every_name_leads_somewhere_and_everything_declared_is_used(self):
        for name, template in load_all().items():
            with self.subTest(name):
                self.assertEqual(faults(template), [])

    def test_what_is_imported_is_exported(self):
        templates = load_all()
        of = {"RolesStack": "roles", "NetworkStack": "network"}
        found = [(stack, rest) for template in templates.values() for stack, rest in imports(template)]
        self.assertTrue(found)
        for stack, rest in found:
            self.assertIn(rest, exports(templates[of[stack]]))

    def test_a_sound_sample_passes(self):
        self.assertEqual(faults(parse(SAMPLE)), [])

    def test_faults_are_seen(self):
        for old, new, fault in [("!Ref One]", "!Ref Won]", "Won leads nowhere"), ("${One.Arn}", "${Won.Arn}", "Won leads nowhere"),
                                ("Condition: Named", "Condition: Nmaed", "condition Nmaed is not declared"),
                                ("Condition: Named, ", "", "condition Named is never used"), ("QueueName:", "QueueNmae:", "One: QueueNmae is unknown"),
                                ("Queues: [!Ref One], ", "", "Two: Queues is missing"), ("AWS::SQS::Queue\"", "AWS::SQS::Kueue\"", "is unknown here"),
                                ("Description: A name.", "Description: ''", "a description is a sentence"), ("Default: a", "Default: b", "own default"),
                                (", ConstraintDescription: an a", "", "told a pattern alone")]:
            with self.subTest(new):
                self.assertIn(old, SAMPLE)
                found = faults(parse(SAMPLE.replace(old, new, 1)))
                self.assertIn(fault, " ".join(found))

    def test_a_parameter_that_nobody_uses_is_seen(self):
        unused = SAMPLE.replace("[!Ref Name, \"\"]", '["a", ""]').replace("QueueName: !Ref Name", "QueueName: a")
        self.assertEqual(faults(parse(unused)), ["parameter Name is never used"])

    @unittest.skipUnless(shutil.which("cfn-lint"), "cfn-lint is not installed: its own checks did not run")
    def test_lint(self):
        told = subprocess.run(["cfn-lint", *sorted(map(str, FOLDER.glob("*.yaml")))], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((told.returncode, told.stdout), (0, ""), told.stderr)


class Parameters(unittest.TestCase):
    def test_good_ones_are_taken(self):
        cases.stack("queues")
        cases.stack("queues", {"QueueKeyArn": cases.key("queues"), "MaxReceiveCount": "10"})
        cases.stack("network", cases.NETWORK)
        cases.stack("network", {**cases.NETWORK, "FargateEndpoints": "true", "RouteTableIds": "rtb-1,rtb-2", "RedshiftEndpointCluster": "a-cluster"})
        cases.stack("secondary-account", cases.SECONDARY_ACCOUNT)
        cases.stack("alarms", {"CertificateId": cases.ID})
        for name, given in cases.ROLES.items():
            with self.subTest(name):
                cases.stack("roles", given)

    def refused(self, name, given, *words):
        with self.subTest(stack=name, words=words):
            with self.assertRaises(Refused) as told:
                cases.stack(name, given)
            for word in words:
                self.assertIn(word, str(told.exception))

    def test_wrong_queues_are_refused(self):
        url = "https://sqs.us-east-1.amazonaws.com/123456789012/appsflyer-events"
        self.refused("queues", {"QueueName": url}, "QueueName", "no URL")
        self.refused("queues", {"MaxReceiveCount": "3"}, "MaxReceiveCount", "from 10")
        self.refused("queues", {"QueueRetentionSeconds": "1209600"}, "QueueRetentionSeconds", "14 days")
        self.refused("queues", {"OwedQueueName": "appsflyer-events"}, "QueueName and OwedQueueName must differ")
        self.refused("queues", {"QueueKeyArn": "alias/queues"}, "the ARN of a KMS key")
        self.refused("roles", {**cases.PRIMARY, "RefusedQueueName": url}, "RefusedQueueName", "no URL")
        self.refused("service", {**cases.SERVICE, "QueueName": url}, "QueueName", "no URL")
        self.refused("alarms", {"DeadLetterQueueName": url}, "DeadLetterQueueName", "no URL")

    def test_wrong_accounts_and_regions_are_refused(self):
        self.refused("secondary-account", {**cases.SECONDARY_ACCOUNT, "ServiceAccountId": "my-account"}, "12 digits")
        self.refused("roles", {**cases.PRIMARY, "SecondaryWay": "wire", "SecondaryAccountId": "12345"}, "SecondaryAccountId", "12 digits")
        self.refused("roles", {**cases.PRIMARY, **cases.OWN_SECONDARY, "SecondaryRegion": "mumbai"}, "SecondaryRegion", "ap-south-1")
        self.refused("service", {**cases.SERVICE, "SecondaryRegion": "ap-south-1a"}, "SecondaryRegion")
        self.refused("service", {**cases.SERVICE, "SecondaryAccountId": cases.OTHER_ACCOUNT}, "needs ExternalIdSecretArn")
        self.refused("network", {**cases.NETWORK, "RedshiftEndpointOwner": cases.OTHER_ACCOUNT}, "needs RedshiftEndpointCluster")
        self.refused("alarms", {"PageTopicName": "arn:aws:sns:us-east-1:123456789012:page"}, "no ARN")

    def test_wrong_targets_are_refused(self):
        host = "primary-cluster.abc.us-east-1.redshift.amazonaws.com"
        self.refused("roles", {**cases.PRIMARY, "PrimaryCluster": host}, "PrimaryCluster", "no host")
        self.refused("roles", {"PrimaryDatabase": "analytics", "SecondaryWay": "none"}, "PrimaryCluster or PrimaryWorkgroupId must be given")
        self.refused("roles", {**cases.PRIMARY, "PrimaryDatabase": ""}, "PrimaryDatabase must be given")
        self.refused("roles", {**cases.PRIMARY, "PrimaryWorkgroupId": cases.ID}, "exclude each other")
        self.refused("roles", {**cases.PRIMARY, "PrimarySecretArn": cases.secret("a")}, "exclude each other")
        self.refused("roles", {**cases.PRIMARY, "SecondaryWay": "data-api"}, "SecondaryCluster or SecondaryWorkgroupId must be given")
        self.refused("roles", {**cases.PRIMARY, "SecondaryAccountId": cases.OTHER_ACCOUNT}, "needs SecondaryWay")
        self.refused("secondary-account", {**cases.SECONDARY_ACCOUNT, "Cluster": ""}, "must be given")
        self.refused("secondary-account", {**cases.SECONDARY_ACCOUNT, "ExternalId": "short"}, "16 to 1224")
        self.refused("service", {**cases.SERVICE, "SecondaryCluster": ""}, "SecondaryCluster or SecondaryWorkgroup must be given")
        self.refused("service", {**cases.SERVICE, "SecondaryRegion": ""}, "SecondaryRegion must be given")
        self.refused("roles", {**cases.PRIMARY, **cases.OWN_SECONDARY, "SecondaryRegion": ""}, "SecondaryRegion must be given")
        self.refused("roles", {name: value for name, value in cases.PRIMARY.items() if name != "SecondaryWay"}, "SecondaryWay")

    def test_wrong_networks_are_refused(self):
        self.refused("network", {**cases.NETWORK, "SubnetIds": "subnet-1,subnet-9"}, "must be of the VPC")
        self.refused("network", {**cases.NETWORK, "FargateEndpoints": "true"}, "needs RouteTableIds")
        self.refused("network", {name: value for name, value in cases.NETWORK.items() if name != "ClientCidr"}, "ClientCidr")
        self.refused("network", {**cases.NETWORK, "RedshiftEndpointName": "a" * 31}, "at most 30")
        self.refused("service", {**cases.SERVICE, "LoadBalancerSubnetIds": "subnet-9"}, "LoadBalancerSubnetIds must be of the VPC")
        self.refused("service", {**cases.SERVICE, "LoadBalancerScheme": "internet-facing"}, "needs WebhookTokensSecretArn")
        self.refused("service", {**cases.SERVICE, "WebhookAllow": "appsflyer"}, "needs TrustedProxies")
        self.refused("service", {**cases.SERVICE, "Image": "twinshift:latest"}, "Image")
        self.refused("service", {**cases.SERVICE, "NetworkStack": "elsewhere"}, "no stack exports")


class Queues(unittest.TestCase):
    def setUp(self):
        self.resources = cases.stack("queues").resources
        self.queues = {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == "AWS::SQS::Queue"}

    def test_they_outlive_the_stack(self):
        self.assertEqual(len(self.queues), 4)
        for name in self.queues:
            self.assertEqual([self.resources[name][policy] for policy in ("DeletionPolicy", "UpdateReplacePolicy")], ["Retain", "Retain"], name)

    def test_beside_a_queue_that_is_there_only_the_new_ones_are_made(self):
        resources = cases.stack("queues", {"MakeQueue": "false"}).resources
        self.assertEqual(set(resources), {"OwedQueue", "OwedQueuePolicy", "RefusedQueue", "RefusedQueuePolicy"})

    def test_ages_and_dead_letters(self):
        days = {name: int(one["MessageRetentionPeriod"]) / 86_400 for name, one in self.queues.items()}
        self.assertEqual([days[name] for name in ("DeadLetterQueue", "OwedQueue", "RefusedQueue")], [14, 14, 14])
        self.assertTrue(4 <= days["Queue"] < 14, days)
        self.assertEqual([name for name, one in self.queues.items() if "RedrivePolicy" in one], ["Queue"])
        self.assertGreaterEqual(int(self.queues["Queue"]["RedrivePolicy"]["maxReceiveCount"]), 10)

    def test_encrypted_at_rest_by_one_of_two_keys(self):
        owned = cases.stack("queues", {"QueueKeyArn": cases.key("queues")}).resources
        for name, one in self.queues.items():
            self.assertTrue(one["SqsManagedSseEnabled"], name)
            self.assertNotIn("KmsMasterKeyId", one)
            self.assertEqual(owned[name]["Properties"]["KmsMasterKeyId"], cases.key("queues"))
            self.assertNotIn("SqsManagedSseEnabled", owned[name]["Properties"])

    def test_each_refuses_unencrypted_transport(self):
        policies = {one["Properties"]["Queues"][0]: one["Properties"]["PolicyDocument"]["Statement"] for one in self.resources.values()
                    if one["Type"] == "AWS::SQS::QueuePolicy"}
        self.assertEqual(set(policies), {f"<{name}>" for name in self.queues})
        for queue, (statement,) in policies.items():
            self.assertEqual((statement["Effect"], statement["Principal"], statement["Action"]), ("Deny", "*", "sqs:*"))
            self.assertEqual(statement["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
            self.assertEqual(statement["Resource"], queue.replace(">", ".Arn>"))


class Network(unittest.TestCase):
    def test_which_endpoints_there_are(self):
        def services(**more):
            found = cases.stack("network", {**cases.NETWORK, **more}).resources.values()
            return {one["Properties"]["ServiceName"].split(".", 3)[3] for one in found if one["Type"] == "AWS::EC2::VPCEndpoint"}

        api = {"redshift-data", "sqs", "redshift", "sts"}
        self.assertEqual(services(), api)
        self.assertEqual(services(ApiEndpoints="false"), set())
        fargate = {"logs", "ecr.api", "ecr.dkr", "secretsmanager", "s3"}
        self.assertEqual(services(FargateEndpoints="true", RouteTableIds="rtb-1", ServerlessEndpoint="true"), api | fargate | {"redshift-serverless"})

    def test_who_may_come_in(self):
        given = {**cases.NETWORK, "RedshiftEndpointCluster": "a-cluster", "RedshiftEndpointOwner": cases.OTHER_ACCOUNT}
        resources = cases.stack("network", given).resources
        for group, port in (("EndpointSecurityGroup", 443), ("RedshiftAccessSecurityGroup", 5439)):
            rule, *others = resources[group]["Properties"]["SecurityGroupIngress"]
            # Private DNS leads every caller of the VPC to the interface endpoints.
            self.assertEqual([(int(other["FromPort"]), other["CidrIp"]) for other in others], [(443, "10.0.0.0/16")] if port == 443 else [])
            self.assertEqual((int(rule["FromPort"]), int(rule["ToPort"])), (port, port))
            self.assertEqual(rule["SourceSecurityGroupId"], "<ServiceSecurityGroup.GroupId>")
        self.assertEqual(resources["RedshiftAccess"]["Properties"]["ResourceOwner"], cases.OTHER_ACCOUNT)
        self.assertNotIn("SecurityGroupIngress", resources["ServiceSecurityGroup"]["Properties"])
        for one in resources.values():
            if one["Type"] == "AWS::EC2::VPCEndpoint":
                self.assertTrue(one["Properties"]["PrivateDnsEnabled"])


class Task(unittest.TestCase):
    def test_its_bounds(self):
        task = cases.container(cases.SERVICE)
        self.assertEqual(task["Memory"], 256)
        self.assertTrue(task["ReadonlyRootFilesystem"])
        self.assertNotIn(task["User"].split(":")[0], ("", "0", "root"))
        self.assertEqual(task["HealthCheck"]["Command"], ["CMD", "twinshift", "health"])
        environment = cases.environment(cases.SERVICE)
        self.assertGreater(task["StopTimeout"], int(environment["SHUTDOWN_TIMEOUT"]))
        self.assertEqual([mount["ContainerPath"] for mount in task["MountPoints"]], [environment["TWINSHIFT_DATA_DIR"]])
        self.assertEqual(task["LogConfiguration"]["LogDriver"], "awslogs")

    def test_its_load_balancer(self):
        resources = cases.stack("service", cases.SERVICE).resources
        self.assertEqual(resources["TargetGroup"]["Properties"]["HealthCheckPath"], "/ready")
        attributes = {one["Key"]: one["Value"] for one in resources["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]}
        keep_alive = re.search(r"`HTTP_KEEP_ALIVE_IDLE` \| `([0-9]+) s`", self.page()).group(1)
        self.assertLess(int(attributes["idle_timeout.timeout_seconds"]), int(keep_alive))
        self.assertEqual(resources["Listener"]["Properties"]["Protocol"], "HTTPS")
        ports = {resources["TargetGroup"]["Properties"]["Port"], resources["FromLoadBalancer"]["Properties"]["FromPort"],
                 int(cases.environment(cases.SERVICE)["PORT"])}
        self.assertEqual(ports, {3000})

    @staticmethod
    def page():
        return (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    def test_its_variables_are_on_the_configuration_page(self):
        known = set(re.findall(r"^\| `([A-Z_]+)` \|", self.page(), re.MULTILINE))
        for name, given in cases.SERVICES.items():
            self.assertEqual(set(cases.environment(given)) - known, set(), name)

    def test_it_sets_what_the_example_for_a_container_sets(self):
        example = (ROOT / "config" / "aws-container.env").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) - set(cases.environment(cases.SERVICE)), set())

    @unittest.skipUnless(BINARY, "TWINSHIFT_BINARY is not set: the program did not read the task's environment")
    def test_the_program_takes_it(self):
        for name, given in cases.SERVICES.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                environment = {**cases.environment(given), "TWINSHIFT_DATA_DIR": f"{folder}/data", "PATH": os.environ["PATH"]}
                told = subprocess.run([BINARY, "config"], env=environment, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(told.returncode, 0, told.stderr)
                runs = told.stdout[told.stdout.index("# What runs where"):]
                self.assertRegex(runs, r"queue: sqs")
                self.assertNotIn("sqlite", runs)
                self.assertEqual("switched off" in runs, given.get("SecondaryEnabled") == "false", runs)

    @unittest.skipUnless(BINARY, "TWINSHIFT_BINARY is not set: the program did not read the task's environment")
    def test_the_program_would_say_so(self):
        environment = {**cases.environment(cases.SERVICE), "SECONDARY_AWS_REGION": "mumbai", "PATH": os.environ["PATH"]}
        with tempfile.TemporaryDirectory() as folder:
            told = subprocess.run([BINARY, "config"], env=environment, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
        self.assertNotEqual(told.returncode, 0)


class Resolving(unittest.TestCase):
    def test_a_rule_that_does_not_hold_is_told(self):
        template = copy.deepcopy(load("queues"))
        template["Rules"]["FourQueues"]["Assertions"][0]["Assert"] = {"Fn::Equals": ["a", "b"]}
        with self.assertRaises(Refused):
            Stack(template)


if __name__ == "__main__":
    unittest.main()
