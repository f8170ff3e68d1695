"""deploy/aws-cli/check with the real `twinshift doctor`: the client looks at one stand-in, doctor at those of the service's `.env`, by that file's credentials."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from aws import AwsTest  # noqa: E402  (the path comes first)
from cli_case import Case  # noqa: E402
from cli_client import QuickClient  # noqa: E402
from harness import BINARY  # noqa: E402
from servers import DataApi  # noqa: E402

QUEUES = ("appsflyer-events", "appsflyer-events-dlq", "appsflyer-owed", "appsflyer-refused")
# Of the client alone: doctor must take none of them.
OF_THE_CLIENT = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2", "AWS_SESSION_TOKEN": "secret-4711-token"}


@unittest.skipUnless(shutil.which("aws"), "no aws client (Debian: awscli)")
class Check(AwsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws = DataApi(cls.servers["primary"], ["--cluster", "us-east-1/primary-cluster"], cls.sqs)
        cls.addClassCleanup(cls.aws.stop)
        folder = tempfile.mkdtemp(prefix="twinshift-test-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        client = QuickClient.start(folder)
        if client:
            cls.addClassCleanup(client.close)
        cls.path = os.pathsep.join([folder, os.environ["PATH"]])

    def setUp(self):
        super().setUp()
        self.sqs.create_queue(f"good-{self.database}", VisibilityTimeout=60, RedrivePolicy=self.redrive(10))
        self.case = Case(self.folder, self.path)
        self.addCleanup(self.case.standin.close)
        for name in QUEUES:
            self.case.world.queues["us-east-1", name] = {"MessageRetentionPeriod": "1209600", "MaximumMessageSize": "1048576"}

    def check(self, of_env=None, **changed):
        """`of_env`: what the service's .env has otherwise than a sound one."""
        settings = self.guide(HOST="127.0.0.1", PORT="0", DISK_RESERVE="16MB", REDSHIFT_ENDPOINT=self.aws.url,
                              **{"SQS_QUEUE_URL": self.aws.queue_url(f"good-{self.database}"), **(of_env or {})})
        env = pathlib.Path(self.folder, ".env")
        env.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
        around = OF_THE_CLIENT | {"AWS_ENDPOINT_URL_STS": self.aws.url}
        code, said, made = self.case.run("check", environment=around, TWINSHIFT_PROGRAM=os.path.abspath(BINARY), ENV_FILE=str(env), **changed)
        self.assertEqual(made, [])
        self.assertNotIn("4711", said)
        self.assertIn(f"check: twinshift doctor, in {self.folder}:", said)
        return code, said

    def failed(self, said):
        """What doctor says has failed: (about, id)."""
        return re.findall(r"(?m)^fail +(\S+) +(\S+)", said)

    def test_a_sound_one(self):
        code, said = self.check()
        self.assertEqual((code, self.failed(said)), (0, []), said)
        self.assertRegex(said, r"(?m)^ok +aws +identity ")
        self.assertIn("check: nothing wrong was found", said)

    def test_a_region_that_is_wrong_in_env(self):
        code, said = self.check({"AWS_REGION": "eu-west-1"})
        self.assertEqual((code, self.failed(said)), (1, [("primary", "aws-rights")]), said)
        self.assertIn("region (eu-west-1)", said)
        self.assertIn("check: FAILED: 1 wrong", said)
        self.assertIn("twinshift doctor found the above; its lines say what mends it", said)
        self.assertNotIn("nothing wrong was found", said)

    def test_a_queue_that_does_not_exist_for_the_client_and_for_doctor(self):
        code, said = self.check({"SQS_QUEUE_URL": self.aws.queue_url("nowhere")}, QUEUE_NAME="nowhere")
        self.assertEqual((code, self.failed(said)), (1, [("queue", "queue")]), said)
        self.assertIn("queue nowhere is not in account", said)
        self.assertIn("check: FAILED: 2 wrong", said)

    def test_the_deployers_own_keys_are_not_the_services(self):
        pathlib.Path(self.case.folder, ".aws").mkdir()
        pathlib.Path(self.case.folder, ".aws", "credentials").write_text("[default]\naws_access_key_id = AKIADEPLOYER\naws_secret_access_key = secret-4711-own\n", encoding="utf-8")
        code, said = self.check({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true"})
        self.assertEqual(code, 1, said)
        self.assertIn(("aws", "credentials"), self.failed(said), said)
        self.assertNotIn("profile default", said)

    def test_a_doctor_that_cannot_run_is_a_fault_and_one_left_out_is_told(self):
        for env, words in ((f"{self.folder}/twinshift.env", "must be a file named .env"), (f"{self.folder}/none/.env", "cannot read")):
            code, said, _ = self.case.run("check", TWINSHIFT_PROGRAM=os.path.abspath(BINARY), ENV_FILE=env)
            self.assertEqual(code, 1, said)
            self.assertIn(words, said)
        code, said, _ = self.case.run("check", ENV_FILE="")
        self.assertEqual(code, 0, said)
        self.assertIn("doctor left out: ENV_FILE is empty", said)

    def test_settings_that_cannot_be_read(self):
        code, said = self.check({"QUEUE_LEASE_TIMEOUT": "many"})
        self.assertEqual(code, 1, said)
        self.assertIn("QUEUE_LEASE_TIMEOUT", said)
        self.assertIn("twinshift doctor found the above", said)


if __name__ == "__main__":
    unittest.main()
