"""The stacks made on moto_server, where it is found. moto skips alarms and Redshift-managed endpoints, takes rules and unknown properties unread, and starts
no task: what it shows is that the templates can be applied, applied again, and read back."""
import json
import unittest
import urllib.parse

import cfn_cases as cases
import cfn_moto
from cfn_resolve import Stack
from cfn_template import load


@unittest.skipUnless(cfn_moto.found(), "moto_server is not installed: no stack was made")
class Stacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = cfn_moto.Moto()
        cls.addClassCleanup(cls.moto.close)
        vpc = cls.moto.call("ec2", "DescribeVpcs").findtext(".//vpcId")
        subnets = [node.text for node in cls.moto.call("ec2", "DescribeSubnets").iter("subnetId")]
        routes = cls.moto.call("ec2", "DescribeRouteTables").findtext(".//routeTableId")
        certificate = cls.moto.call_json("acm", "CertificateManager.RequestCertificate", DomainName="events.example")["CertificateArn"]
        two = ",".join(subnets[:2])
        cls.vpc_of = {subnet: vpc for subnet in subnets}
        cls.given = {
            "queues": {},
            "network": {"VpcId": vpc, "SubnetIds": two, "ClientCidr": "10.0.0.0/16", "FargateEndpoints": "true", "RouteTableIds": routes},
            "roles": {**cases.ROLES["another account's secondary"], "QueueKeyArn": ""},
            "secondary-account": cases.SECONDARY_ACCOUNT,
            "service": {**cases.SERVICES["from the internet"], "VpcId": vpc, "ServiceSubnetIds": two, "LoadBalancerSubnetIds": two,
                        "CertificateId": certificate.rpartition("/")[2]},
            "alarms": {},
        }
        cls.made = {}
        for name in cls.given:
            cls.moto.apply("CreateStack", f"twinshift-{name}", name, cls.given[name], cls.stack(name))
            cls.made[name] = cls.moto.resources(f"twinshift-{name}")

    @classmethod
    def stack(cls, name):
        return Stack(load(name), cls.given[name], cases.EXPORTS, cls.vpc_of)

    def attributes(self, name):
        url = self.made["queues"][name]
        found = self.moto.call_json("sqs", "AmazonSQS.GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return found

    def test_all_are_made(self):
        skipped = {"AWS::CloudWatch::Alarm", "AWS::Redshift::EndpointAccess", "AWS::SQS::QueuePolicy", "AWS::IAM::Policy", "AWS::EC2::SecurityGroupIngress"}
        for name in self.given:
            self.assertEqual(self.moto.status(f"twinshift-{name}"), "CREATE_COMPLETE", name)
            wanted = {logical for logical, one in self.stack(name).resources.items() if one["Type"] not in skipped}
            self.assertEqual(wanted - {logical for logical, physical in self.made[name].items() if physical}, set(), name)

    def test_applied_again_nothing_changes(self):
        for name in self.given:
            status, reason = self.moto.second_apply(f"twinshift-{name}", name, self.given[name], self.stack(name))
            self.assertEqual(status, "FAILED", name)
            self.assertIn("didn't contain changes", reason, name)
            self.assertEqual(self.moto.resources(f"twinshift-{name}"), self.made[name], name)

    def test_applied_with_another_value_something_does(self):
        given = {**self.given["queues"], "MaxReceiveCount": "30"}
        status, _ = self.moto.second_apply("twinshift-queues", "queues", given, self.stack("queues"))
        self.assertNotEqual(status, "FAILED")

    def test_queues_are_what_the_template_says(self):
        for name, one in self.stack("queues").resources.items():
            if one["Type"] == "AWS::SQS::Queue":
                found = self.attributes(name)
                for attribute in ("MessageRetentionPeriod", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout"):
                    self.assertEqual(found[attribute], str(one["Properties"][attribute]), (name, attribute))
        redrive = json.loads(self.attributes("Queue")["RedrivePolicy"])
        self.assertEqual((redrive["deadLetterTargetArn"], int(redrive["maxReceiveCount"])), (self.attributes("DeadLetterQueue")["QueueArn"], 20))
        for name in ("DeadLetterQueue", "OwedQueue", "RefusedQueue"):
            self.assertNotIn("RedrivePolicy", self.attributes(name))

    def test_queues_are_called_what_the_service_is_told(self):
        environment = self.task()["environment"]
        told = {one["name"]: one["value"] for one in environment}
        for variable, resource in (("SQS_QUEUE_URL", "Queue"), ("SECONDARY_BACKLOG_QUEUE_URL", "OwedQueue"), ("QUARANTINE_QUEUE_URL", "RefusedQueue")):
            self.assertEqual(told[variable], self.made["queues"][resource])

    def task(self):
        found = self.moto.call_json("ecs", "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition", taskDefinition="twinshift")
        (container,) = found["taskDefinition"]["containerDefinitions"]
        return container

    def test_the_task_is_what_the_template_says(self):
        container = self.task()
        self.assertEqual((container["memory"], container["readonlyRootFilesystem"], container["stopTimeout"]), (256, True, 30))
        self.assertEqual({one["name"] for one in container["secrets"]}, {"WEBHOOK_TOKENS", "ADMIN_TOKEN"})

    def test_rights_are_read_back(self):
        names = {node.text for node in self.moto.call("iam", "ListRolePolicies", RoleName="twinshift-task").iter("member")}
        self.assertEqual(names, {"queues", "primary", "secondary-account"})
        text = self.moto.call("iam", "GetRolePolicy", RoleName="twinshift-task", PolicyName="primary").findtext(".//PolicyDocument")
        actions = [one["Action"] for one in json.loads(urllib.parse.unquote(text))["Statement"]]
        self.assertIn(["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"], actions)

    def test_endpoints_are_those_of_the_region(self):
        services = {node.text for node in self.moto.call("ec2", "DescribeVpcEndpoints").iter("serviceName")}
        self.assertLessEqual({f"com.amazonaws.eu-west-1.{name}" for name in ("redshift-data", "sqs", "redshift", "sts", "logs", "s3")}, services)


if __name__ == "__main__":
    unittest.main()
