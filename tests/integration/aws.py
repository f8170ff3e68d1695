"""The guide's deployment on stand-ins, for the tests of a file: SQS, a Data API in each of two "regions" over a PostgreSQL server each, and
the service with the guide's own variables. A queue and a database of its own for each test."""

import json
import os

from servers import PostgresTest

from aws_servers import DataApi, SqsServer

PRIMARY = ("us-east-1", "primary-cluster")
SECONDARY = ("ap-south-1", "secondary-cluster")


class AwsTest(PostgresTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apis = {}
        cls.sqs = SqsServer()
        cls.addClassCleanup(cls.sqs.stop)
        for target, place in (("primary", PRIMARY), ("secondary", SECONDARY)):
            api = DataApi(cls.servers[target], ["--cluster", "/".join(place)])
            cls.addClassCleanup(api.stop)
            cls.apis[target] = api

    def setUp(self):
        super().setUp()
        for api in self.apis.values():
            api.order("reset")
        self.dlq = self.sqs.create_queue(f"dlq-{self.database}", MessageRetentionPeriod=1_209_600)
        self.queue = self.sqs.create_queue(f"events-{self.database}", VisibilityTimeout=30, RedrivePolicy=self.redrive(10))

    def redrive(self, receives_max):
        arn = f"arn:aws:sqs:us-east-1:{self.sqs.ACCOUNT}:dlq-{self.database}"
        return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives_max})

    def guide(self, **more):
        """Step 4 of the guide, with the endpoints of this machine."""
        return {"AWS_REGION": PRIMARY[0], **self.apis["primary"].credentials(),
                "SQS_QUEUE_URL": self.queue, "TWINSHIFT_DATA_DURABLE": "true",
                "REDSHIFT_CLUSTER_IDENTIFIER": PRIMARY[1], "REDSHIFT_DATABASE": self.database, "REDSHIFT_DB_USER": "admin",
                "REDSHIFT_TABLE_NAME": "appsflyer_events", "REDSHIFT_ENDPOINT": self.apis["primary"].url,
                "SECONDARY_REDSHIFT_ENABLED": "true", "SECONDARY_AWS_REGION": SECONDARY[0],
                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER": SECONDARY[1], "SECONDARY_REDSHIFT_DATABASE": self.database,
                "SECONDARY_REDSHIFT_DB_USER": "admin", "SECONDARY_REDSHIFT_TABLE_NAME": "appsflyer_events",
                "SECONDARY_REDSHIFT_ENDPOINT": self.apis["secondary"].url, **more}

    def waiting(self, url=None):
        """Messages in a queue: visible, in flight and delayed."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
        told = self.sqs.call("GetQueueAttributes", QueueUrl=url or self.queue, AttributeNames=list(names))["Attributes"]
        return sum(int(told[name]) for name in names)
