"""The roles of deploy/cloudformation: every right of docs/aws.md, no more, and none on everything but where AWS names no resource."""
import re
import unittest

import cfn_cases as cases
from cfn_resolve import ACCOUNT, REGION
from cfn_template import ROOT

# AWS knows no resource for these: redshift-data's go by the statement's id and its owner, ECR's token is the account's.
ON_EVERYTHING = {"redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement", "ecr:GetAuthorizationToken"}
WRITE = {"redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"}
LOOK = ON_EVERYTHING - {"ecr:GetAuthorizationToken"}


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(resources, role):
    """(policy, statement) of what the role may do."""
    for one in resources.values():
        if one["Type"] == "AWS::IAM::Policy" and one["Properties"]["Roles"] == [f"<{role}>"]:
            for statement in one["Properties"]["PolicyDocument"]["Statement"]:
                yield one["Properties"]["PolicyName"], statement


def granted(resources, role, policy=None):
    """action -> the resources it is granted on"""
    found = {}
    for name, statement in statements(resources, role):
        if policy in (None, name):
            for action in listed(statement["Action"]):
                found.setdefault(action, set()).update(listed(statement["Resource"]))
    return found


def task(case):
    return cases.stack("roles", cases.ROLES[case]).resources


def rights_of_the_page():
    """Of docs/aws.md, section Rights: `service:Action`, and in its table names after it that go by the same service."""
    page = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
    rights = page[page.index("## Rights"):page.index("## Credentials")]
    found = set(re.findall(r'"([a-z-]+:[A-Z][A-Za-z]+)"', rights))
    for row in re.findall(r"^\| (`.*) \|$", rights, re.MULTILINE):
        service = ""
        for before, action in re.findall(r"`(?:([a-z-]+):)?([A-Z][A-Za-z]+)`", row):
            service = before or service
            found.add(f"{service}:{action}")
    return found


def arn(rest, region=REGION):
    return f"arn:aws:redshift:{region}:{ACCOUNT}:{rest}"


class Bounds(unittest.TestCase):
    def all_stacks(self):
        for name, given in cases.ROLES.items():
            yield name, cases.stack("roles", given).resources
        yield "secondary account", cases.stack("secondary-account", cases.SECONDARY_ACCOUNT).resources

    def test_nothing_is_granted_on_everything_but_what_must_be(self):
        seen = 0
        for name, resources in self.all_stacks():
            for role in ("TaskRole", "ExecutionRole", "WriterRole"):
                for action, targets in granted(resources, role).items():
                    seen += 1
                    self.assertNotIn("*", action, name)
                    if "*" in targets:
                        self.assertIn(action, ON_EVERYTHING, name)
        self.assertGreater(seen, 50)

    def test_each_resource_is_one_of_ours(self):
        for name, resources in self.all_stacks():
            for role in ("TaskRole", "ExecutionRole", "WriterRole"):
                for targets in granted(resources, role).values():
                    for target in targets - {"*"}:
                        self.assertRegex(target.removesuffix(":*"), r"^arn:aws:[a-z-]+:[a-z0-9-]*:[0-9]{12}:[^*]+$", name)

    def test_only_tasks_of_this_account_take_the_roles(self):
        for role in ("TaskRole", "ExecutionRole"):
            (trust,) = task("one target")[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(trust["Principal"], {"Service": "ecs-tasks.amazonaws.com"})
            self.assertEqual(trust["Condition"]["StringEquals"], {"aws:SourceAccount": ACCOUNT})

    def test_every_right_of_the_page_is_granted_somewhere(self):
        given = {action for _, resources in self.all_stacks() for role in ("TaskRole", "WriterRole") for action in granted(resources, role)}
        rights = rights_of_the_page()
        self.assertGreater(len(rights), 14, "the page was not read")
        self.assertEqual(rights - given, set())
        self.assertEqual(given - rights, set(), "granted, and not on docs/aws.md")


class Targets(unittest.TestCase):
    def test_a_cluster_by_the_data_api(self):
        for policy, cluster, region in (("primary", "primary-cluster", REGION), ("secondary", "secondary-cluster", "ap-south-1")):
            found = granted(task("two clusters of one account"), "TaskRole", policy)
            self.assertEqual(set(found), WRITE | LOOK | {"redshift:GetClusterCredentials"})
            for action in WRITE:
                self.assertEqual(found[action], {arn(f"cluster:{cluster}", region)})
            self.assertEqual(found["redshift:GetClusterCredentials"],
                             {arn(f"dbuser:{cluster}/twinshift", region), arn(f"dbname:{cluster}/analytics", region)})

    def test_over_the_wire_only_the_login(self):
        found = granted(task("the secondary over the wire"), "TaskRole", "secondary")
        self.assertEqual(set(found), {"redshift:GetClusterCredentials"})
        self.assertEqual(set(granted(task("two workgroups"), "TaskRole", "secondary")), {"redshift-serverless:GetCredentials"})

    def test_as_the_role_itself(self):
        found = granted(task("as the role itself"), "TaskRole", "primary")
        self.assertEqual(found["redshift:GetClusterCredentialsWithIAM"], {arn("dbname:primary-cluster/analytics")})
        self.assertNotIn("redshift:GetClusterCredentials", found)

    def test_a_workgroup(self):
        found = granted(task("two workgroups"), "TaskRole", "primary")
        workgroup = {f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/{cases.ID}"}
        self.assertEqual(found["redshift-data:BatchExecuteStatement"], workgroup)
        self.assertEqual(found["redshift-serverless:GetCredentials"], workgroup)

    def test_by_a_secret(self):
        found = granted(task("by secrets"), "TaskRole", "primary")
        self.assertEqual(set(found), WRITE | LOOK | {"secretsmanager:GetSecretValue"})
        self.assertEqual(found["secretsmanager:GetSecretValue"], {cases.secret("a")})

    def test_a_target_that_needs_none_has_none(self):
        self.assertEqual({policy for policy, _ in statements(task("passwords of their own"), "TaskRole")}, {"queues"})
        self.assertEqual({policy for policy, _ in statements(task("one target"), "TaskRole")}, {"queues", "primary"})

    def test_another_accounts_cluster_by_its_role_alone(self):
        resources = task("another account's secondary")
        self.assertEqual({policy for policy, _ in statements(resources, "TaskRole")}, {"queues", "primary", "secondary-account"})
        self.assertEqual(granted(resources, "TaskRole", "secondary-account"),
                         {"sts:AssumeRole": {f"arn:aws:iam::{cases.OTHER_ACCOUNT}:role/appsflyer-writer"}})

    def test_the_role_there(self):
        resources = cases.stack("secondary-account", cases.SECONDARY_ACCOUNT).resources
        (trust,) = resources["WriterRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        name = cases.stack("roles", cases.PRIMARY).resources["TaskRole"]["Properties"]["RoleName"]
        self.assertEqual(trust["Principal"], {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{name}"})
        self.assertEqual(trust["Condition"], {"StringEquals": {"sts:ExternalId": cases.SECONDARY_ACCOUNT["ExternalId"]}})
        self.assertEqual(set(granted(resources, "WriterRole")), WRITE | LOOK | {"redshift:GetClusterCredentials"})
        wire = cases.stack("secondary-account", {**cases.SECONDARY_ACCOUNT, "Way": "wire"}).resources
        self.assertEqual(set(granted(wire, "WriterRole")), {"redshift:GetClusterCredentials"})

    def test_the_service_takes_that_role(self):
        taken = cases.environment(cases.SERVICES["another account's secondary"])["SECONDARY_AWS_ROLE_ARN"]
        self.assertEqual({taken}, granted(task("another account's secondary"), "TaskRole")["sts:AssumeRole"])
        self.assertEqual(cases.environment(cases.SERVICE)["SECONDARY_AWS_ROLE_ARN"], "")


class QueuesAndStart(unittest.TestCase):
    def test_queues(self):
        found = granted(task("one target"), "TaskRole", "queues")
        names = {target.rsplit(":", 1)[1] for target in found["sqs:SendMessage"]}
        self.assertEqual(names, {"appsflyer-events", "appsflyer-owed", "appsflyer-refused"})
        urls = cases.environment(cases.SERVICE)
        self.assertEqual(names, {urls[name].rsplit("/", 1)[1] for name in urls if name.endswith("QUEUE_URL")})
        self.assertEqual({target.rsplit(":", 1)[1] for target in found["sqs:StartMessageMoveTask"]}, {"appsflyer-events-dlq"})
        self.assertIn(f"arn:aws:sqs:{REGION}:{ACCOUNT}:appsflyer-events-dlq", found["sqs:GetQueueAttributes"])
        self.assertNotIn("kms:Decrypt", found)
        self.assertEqual(granted(task("another account's secondary"), "TaskRole", "queues")["kms:GenerateDataKey"], {cases.key("queues")})

    def test_start(self):
        found = granted(task("one target"), "ExecutionRole")
        self.assertNotIn("secretsmanager:GetSecretValue", found)
        (log,) = found["logs:PutLogEvents"]
        group = cases.stack("service", cases.SERVICE).resources["LogGroup"]["Properties"]["LogGroupName"]
        self.assertTrue(log.endswith(f":log-group:{group}:*"), log)
        secrets = granted(task("another account's secondary"), "ExecutionRole")["secretsmanager:GetSecretValue"]
        self.assertEqual(secrets, {cases.secret("tokens"), cases.secret("admin"), cases.secret("external")})


if __name__ == "__main__":
    unittest.main()
