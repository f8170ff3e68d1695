"""The stand-ins of AWS as processes, for tests: DataApi(server), SqsServer(). Each ends with its maker, whatever happens to it."""

import json
import os
import sys
import urllib.error
import urllib.request

from node import script
from program import Ordered, Program

HERE = os.path.dirname(os.path.abspath(__file__))
CALL_SECONDS_MAX = 60
REGION, CLUSTER = "us-east-1", "test-cluster"
SECONDARY_REGION, SECONDARY_CLUSTER = "us-west-2", "test-cluster-secondary"


class DataApi(Ordered):
    """All stand-ins of AWS behind one endpoint; the Redshift Data API in front of `server` (a PostgresServer), a request's Database naming
    the database there. `sqs`: a SqsServer, which is then reached through this endpoint too, with signatures checked and faults on demand."""

    def __init__(self, server, arguments=(), sqs=None):
        command = [sys.executable, "-B", os.path.join(HERE, "aws_server.py"), "--postgres", f"127.0.0.1:{server.port}",
                   "--admin-host", server.folder, "--admin-user", server.user]
        self._sqs = sqs
        super().__init__([*command, *(["--sqs-port", str(sqs.port)] if sqs else []), *arguments])
        self.url = f"http{'s' if '--tls-cert' in arguments else ''}://127.0.0.1:{self.told['aws']}"
        self.key, self.secret = self.told["key"], self.told["secret"]

    def credentials(self):
        """For the environment of a service."""
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}

    def variables(self):
        """For C++ tests."""
        return {"TWINSHIFT_TEST_DATA_API_URL": self.url, "TWINSHIFT_TEST_DATA_API_CONTROL": self.control,
                "TWINSHIFT_TEST_DATA_API_REGION": REGION, "TWINSHIFT_TEST_DATA_API_CLUSTER": CLUSTER,
                "TWINSHIFT_TEST_AWS_ACCESS_KEY_ID": self.key, "TWINSHIFT_TEST_AWS_SECRET_ACCESS_KEY": self.secret,
                **({"TWINSHIFT_TEST_SQS_URL": self.url} if self._sqs else {})}

    def queue_url(self, name):
        """Of a queue of the SqsServer behind."""
        return f"{self.url}/{SqsServer.ACCOUNT}/{name}"


class SqsServer(Program):
    """SQS: an independent program (fauxqs, from npm) that keeps its queues in memory and checks no signature.

    Queues are made by the ordinary CreateQueue; a queue's URL may also be put together: queue_url()."""

    ACCOUNT = "000000000000"

    def __init__(self, port=0):
        super().__init__([*script("sqs.mjs"), str(port)])
        self.port = self.told["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def queue_url(self, name):
        return f"{self.url}/{self.ACCOUNT}/{name}"

    def call(self, operation, region=REGION, **members):
        """One unsigned call, for setting up and looking: the answer as a dict; raises ValueError with what went wrong."""
        request = urllib.request.Request(self.url, json.dumps(members).encode(), {
            "content-type": "application/x-amz-json-1.0", "x-amz-target": f"AmazonSQS.{operation}",
            "authorization": f"AWS4-HMAC-SHA256 Credential=test/20250101/{region}/sqs/aws4_request, SignedHeaders=host, Signature=0"})
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS_MAX) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refused:
            raise ValueError(f"{operation}: {refused.status} {refused.read().decode()}") from None

    def create_queue(self, name, region=REGION, **attributes):
        """Its URL. Attributes as in CreateQueue: VisibilityTimeout="30", RedrivePolicy=..., FifoQueue="true"."""
        self.call("CreateQueue", region, QueueName=name, Attributes={name: str(value) for name, value in attributes.items()})
        return self.queue_url(name)

    def variables(self):
        """The queues' own endpoint, without the front."""
        return {"TWINSHIFT_TEST_SQS_DIRECT_URL": self.url}
