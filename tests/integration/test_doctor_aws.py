"""`twinshift doctor` on AWS's stand-ins: queues, identity, rights, regions, and the set-up guide's three common issues."""

import unittest

from aws import SECONDARY, AwsTest
from doctor import ISSUES, PASSWORD, SECRET, Doctor
from harness import GUIDE_EVENT
from servers import TABLE, DataApi, PostgresServer
from silent_hosts import unreachable
from with_servers import StandIn


class Aws(Doctor, AwsTest):
    """SQS, STS and the primary's Data API behind one front that checks signatures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws = DataApi(cls.servers["primary"], ["--cluster", "us-east-1/primary-cluster"], cls.sqs)
        cls.addClassCleanup(cls.aws.stop)

    def setUp(self):
        super().setUp()
        self.aws.order("reset")
        self.make_queue(f"good-{self.database}")

    def make_queue(self, name, **more):
        self.sqs.create_queue(name, **{"VisibilityTimeout": 60, "RedrivePolicy": self.redrive(10), **more})
        return self.aws.queue_url(name)

    def settings(self, **more):
        return self.guide(**{"SQS_QUEUE_URL": self.aws.queue_url(f"good-{self.database}"), "REDSHIFT_ENDPOINT": self.aws.url,
                             "AWS_ENDPOINT_URL_STS": self.aws.url, **more})

    def test_a_sound_one(self):
        self.expect(self.settings(), {})
        self.assertEqual(self.state("aws.identity"), "ok")
        service = self.start(self.settings())
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        self.wait_each_once(["test-123"])
        self.expect(self.settings(), {})
        self.assertEqual(service.stop(), 0)
        owed, refused = (self.sqs.create_queue(f"{name}-{self.database}", VisibilityTimeout=60, MessageRetentionPeriod=1_209_600)
                         for name in ("owed", "refused"))
        self.expect(self.settings(SECONDARY_BACKLOG_QUEUE_URL=owed, QUARANTINE_QUEUE_URL=refused), {})
        self.assertEqual(self.waiting(self.queue.replace("events-", "good-")), 0, "no probe left a message")

    def test_a_closed_network_without_a_way_to_sts(self):
        with unreachable() as url:
            self.expect(self.settings(AWS_ENDPOINT_URL_STS=url), {})
            self.assertEqual(self.state("aws.identity"), "skipped")

    def test_queues(self):
        name = f"other-{self.database}"
        self.expect(self.settings(SQS_QUEUE_URL=self.aws.queue_url("nowhere")), {"queue.queue": ("fail", "region")})
        self.sqs.create_queue(name, VisibilityTimeout=60)
        self.expect(self.settings(SQS_QUEUE_URL=self.aws.queue_url(name)), {"queue.dlq": ("warn", "no dead-letter queue", "RedrivePolicy")})
        for number, (attributes, expected) in enumerate((
                ({"MessageRetentionPeriod": 3600}, {"queue.queue-retention": ("warn", "14 days")}),
                ({"RedrivePolicy": self.redrive(2)}, {"queue.dlq": ("warn", "maxReceiveCount")}),
                ({"DelaySeconds": 30}, {"queue.queue-settings": ("warn", "DelaySeconds")}),
                ({"VisibilityTimeout": 10}, {"queue.queue-settings": ("warn", "QUEUE_LEASE_TIMEOUT")}))):
            with self.subTest(attributes):
                self.expect(self.settings(SQS_QUEUE_URL=self.make_queue(f"{name}-{number}", **attributes)), expected)
        self.expect(self.settings(QUARANTINE_QUEUE_URL=self.make_queue(f"{name}-q")),
                    {"quarantine.dlq": ("warn", "RedrivePolicy"), "quarantine.queue-retention": ("warn", "14 days")})
        self.sqs.call("SendMessage", QueueUrl=self.dlq, MessageBody="{}")
        self.expect(self.settings(), {"queue.dlq-depth": ("warn", "1 messages wait", "twinshift queue redrive")})

    def test_rights_of_the_queue(self):
        for operation, check in (("SendMessageBatch", ("queue.queue-rights", "fail", "sqs:SendMessage")),
                                 ("ReceiveMessage", ("queue.queue-rights", "fail", "sqs:ReceiveMessage")),
                                 ("DeleteMessageBatch", ("queue.queue-rights", "fail", "sqs:DeleteMessage")),
                                 ("ChangeMessageVisibilityBatch", ("queue.queue-rights", "warn", "sqs:ChangeMessageVisibility")),
                                 ("GetQueueAttributes", ("queue.queue", "warn", "sqs:GetQueueAttributes"))):
            with self.subTest(operation):
                self.aws.order("reset")
                self.aws.fault("access_denied", operation=operation)
                name, state, action = check
                denied = state == "fail" or operation == "GetQueueAttributes"
                self.expect(self.settings(), {name: (state, action, f"arn:aws:sqs:us-east-1:{self.sqs.ACCOUNT}:good-{self.database}")},
                            issues=ISSUES[1:2] if denied else ())

    def test_who_we_are(self):
        self.expect(self.settings(AWS_SECRET_ACCESS_KEY=SECRET), {"aws.identity": ("fail", "secret access key")})
        self.assertEqual((self.state("queue.queue"), self.what("queue.queue")), ("skipped", "AWS does not take our credentials"))
        self.expect(self.settings(AWS_ACCESS_KEY_ID="AKIANOBODY"), {"aws.identity": ("fail", "does not know")})
        none = self.settings(AWS_EC2_METADATA_DISABLED="true", HOME=self.folder)
        del none["AWS_ACCESS_KEY_ID"], none["AWS_SECRET_ACCESS_KEY"]
        self.expect(none, {"aws.credentials": ("fail", "AWS_ACCESS_KEY_ID")})
        self.assertEqual((self.state("queue.queue"), self.what("queue.queue")), ("skipped", "there are no AWS credentials to ask with"))
        self.assertEqual([c["id"] for c in self.told["checks"] if c["about"] == "aws"], ["credentials", "identity", "aws-clock"], "as one would mend them")
        self.assertEqual([self.state(f"{target}.{check}") for target in ("primary", "secondary") for check in ("endpoint", "login")],
                         ["ok", "skipped"] * 2, "an endpoint is told from the settings alone")
        self.aws.order("clock", seconds=120)
        self.expect(self.settings(), {"aws.aws-clock": ("warn", "slow", "chrony")})

    def test_a_role_that_is_not_ours_to_take(self):
        self.expect(self.settings(SECONDARY_AWS_ROLE_ARN="arn:aws:iam::999999999999:role/owner"),
                    {"secondary.credentials": ("fail", "sts:AssumeRole")}, issues=ISSUES[1:])

    def test_regions(self):
        wrong = self.settings(AWS_REGION="eu-west-1")
        self.expect(wrong, {"primary.aws-rights": ("fail", "region (eu-west-1)")})
        host = "https://akara-redshift-access-appflyer-endpoint-fxsovvcwarpoattqgxt0.churfikvu1nn.us-east-2.redshift.amazonaws.com"
        self.expect(self.settings(SECONDARY_REDSHIFT_ENDPOINT=host), {"secondary.endpoint": ("fail", SECONDARY[0], "us-east-2", "SECONDARY_AWS_REGION")},
                    issues=ISSUES[2:])

    def test_the_guides_common_issues(self):
        with unreachable() as url:
            self.expect(self.settings(SECONDARY_REDSHIFT_ENDPOINT=url),
                        {"secondary.connect": ("fail", "Connection timeout when connecting to secondary Redshift", "security group")}, issues=(ISSUES[0], ISSUES[2]))
        # The guide's policy as it stands: all but BatchExecuteStatement.
        self.apis["secondary"].fault("access_denied", operation="BatchExecuteStatement")
        self.expect(self.settings(), {"secondary.aws-rights": ("fail", "not authorized to perform: redshift-data:BatchExecuteStatement",
                                                               '"Action":[')}, issues=ISSUES[1:])
        self.apis["secondary"].order("reset")
        self.apis["secondary"].fault("access_denied", operation="CancelStatement")
        self.expect(self.settings(), {"secondary.aws-rights": ("warn", "redshift-data:CancelStatement")})

    def test_databases_and_clusters_that_are_not_there(self):
        self.expect(self.settings(SECONDARY_REDSHIFT_DATABASE="no_such_database"), {"secondary.login": ("fail", "no_such_database")}, issues=ISSUES[2:])
        self.expect(self.settings(SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER="no-such-cluster"), {"secondary.aws-rights": ("fail", "cluster's identifier")},
                    issues=ISSUES[2:])

    def test_the_wire_with_a_temporary_password(self):
        """The guide's own endpoint leads to a cluster: port 5439, a password from AWS."""
        server = PostgresServer(password=PASSWORD)
        self.addCleanup(server.remove)
        server.start()
        server.create_database(self.database)
        stand_in = StandIn(server)
        self.addCleanup(stand_in.stop)
        cluster = DataApi(server, ["--cluster", "/".join(SECONDARY)])
        self.addCleanup(cluster.stop)
        settings = self.settings(SECONDARY_REDSHIFT_ENDPOINT=f"redshift://127.0.0.1:{stand_in.ports['redshift']}?sslmode=disable",
                                 AWS_ENDPOINT_URL_REDSHIFT=cluster.url)
        self.expect(settings, {})
        cluster.fault("access_denied", operation="GetClusterCredentials")
        self.expect(settings, {"secondary.aws-rights": ("fail", "redshift:GetClusterCredentials", "IAM policy")}, issues=ISSUES[1:])

    def test_a_view_in_place_of_the_secondarys_table(self):
        self.psql("secondary", f"CREATE VIEW {TABLE} AS SELECT 1 AS appsflyer_id")
        self.expect(self.settings(), {"secondary.table": ("fail", "is not a table")}, issues=ISSUES[2:])


if __name__ == "__main__":
    unittest.main()
