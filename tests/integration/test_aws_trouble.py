"""What can go wrong on AWS: each case gives one clear line, loses nothing and spins nowhere."""

import json
import os
import signal
import socket
import tempfile
import time
import unittest

from aws import SECONDARY, AwsTest
from harness import GUIDE_EVENT, ServiceTest, wait_until
from servers import DataApi, PostgresServer, SqsServer
from silent_hosts import black_hole
from with_servers import StandIn

SECRET = "canary+secret/access+key"
TOKEN = "canary-session-token"
PASSWORD = "canary-password"


def event(name):
    return dict(GUIDE_EVENT, appsflyer_id=name)


class Credentials(AwsTest):
    """SQS behind the front that checks signatures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aws = DataApi(cls.servers["primary"], ["--cluster", "us-east-1/primary-cluster"], cls.sqs)
        cls.addClassCleanup(cls.aws.stop)

    def setUp(self):
        super().setUp()
        self.aws.order("reset")
        self.empty = tempfile.mkdtemp(dir=self.folder)

    def settings(self, **more):
        """A primary alone, queue and Data API at the checking front; no credentials."""
        given = self.guide(SQS_QUEUE_URL=self.aws.queue_url(f"events-{self.database}"), REDSHIFT_ENDPOINT=self.aws.url,
                           SECONDARY_REDSHIFT_ENABLED="false", AWS_ENDPOINT_URL=self.aws.url, HOME=self.empty, AWS_EC2_METADATA_DISABLED="true", **more)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            if name not in more:
                del given[name]
        return given

    def lands(self, service, name):
        wait_until(lambda: service.post(event(name)).status == 200, "an event to be taken")
        self.wait_each_once([name], targets=["primary"])

    def test_none_at_all(self):
        service = self.start(self.settings())
        line = service.wait_log(lambda l: "AWS_ACCESS_KEY_ID" in l.get("error", "") + l.get("hint", ""))
        told = line["error"] + line["hint"]
        for tried in ("environment", "profile", "container", "instance metadata"):
            self.assertIn(tried, told)
        answer = service.post(event("none"))
        self.assertEqual(answer.status, 503)
        self.assertIn("retry-after", answer.headers)
        self.assertEqual(service.request("GET", "/health").status, 200)
        self.assertLess(len([l for l in service.lines if l["level"] == "error"]), 10)

    def test_a_wrong_secret_and_a_wrong_region(self):
        key = self.aws.credentials()
        service = self.start(self.settings(AWS_ACCESS_KEY_ID=key["AWS_ACCESS_KEY_ID"], AWS_SECRET_ACCESS_KEY=SECRET))
        line = service.wait_log(lambda l: "refuses our signature" in l.get("error", ""))
        self.assertIn("secret access key", line["hint"])
        self.assertEqual(service.post(event("wrong")).status, 503)
        service.stop()
        service = self.start(self.settings(**key, AWS_REGION="eu-west-1"))
        service.wait_log(lambda l: "region" in l.get("error", "") + l.get("hint", "") and l["level"] in ("error", "warn"))

    def test_a_clock_that_is_ten_minutes_off_is_corrected(self):
        self.aws.order("clock", seconds=600)
        service = self.start(self.settings(**self.aws.credentials()))
        self.lands(service, "clock")

    def test_an_expired_token_is_fetched_anew(self):
        service = self.start(self.settings(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{self.aws.url}/container/credentials",
                                           AWS_CONTAINER_AUTHORIZATION_TOKEN="twinshift-container-token"))
        service.wait_log(lambda l: l.get("msg") == "AWS credentials found" and l["source"] == "container")
        self.lands(service, "before")
        self.aws.order("expire")
        self.lands(service, "after")

    def test_web_identity(self):
        token = os.path.join(self.folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write("twinshift-web-identity-token")
        service = self.start(self.settings(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/twinshift-test"))
        service.wait_log(lambda l: l.get("msg") == "AWS credentials found" and l["source"] == "web identity")
        self.lands(service, "web")

    def test_instance_metadata(self):
        service = self.start({**self.settings(), "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.aws.url})
        service.wait_log(lambda l: l.get("msg") == "AWS credentials found" and l["source"] == "instance metadata")
        self.lands(service, "imds")

    def test_a_role_of_the_account_that_owns_the_secondary(self):
        self.aws.order("serve", region=SECONDARY[0], cluster=SECONDARY[1])
        self.aws.order("role", arn="arn:aws:iam::999999999999:role/owner", external_id="canary-external-id")
        settings = {**self.settings(**self.aws.credentials()), "SECONDARY_REDSHIFT_ENABLED": "true", "SECONDARY_REDSHIFT_ENDPOINT": self.aws.url,
                    "SECONDARY_REDSHIFT_TABLE_NAME": "events_of_the_owner", "SECONDARY_AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/owner"}
        service = self.start(settings)
        line = service.wait_log(lambda l: "sts:AssumeRole" in l.get("error", ""))
        self.assertIn("999999999999:role/owner", line["error"])
        service.stop()
        service = self.start({**settings, "SECONDARY_AWS_ROLE_EXTERNAL_ID": "canary-external-id"})
        self.lands(service, "owner")
        wait_until(lambda: self.psql("primary", "SELECT count(*) FROM events_of_the_owner") == "1", "the event in the secondary's table")
        self.assertNotIn(b"canary", b"".join(service.raw))

    def test_a_stop_does_not_wait_for_credentials_that_hang(self):
        token = os.path.join(self.folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write("twinshift-web-identity-token")
        with black_hole() as (url, asked):
            service = self.start(self.settings(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/twinshift-test",
                                               AWS_ENDPOINT_URL_STS=url, SHUTDOWN_TIMEOUT="30s"))
            wait_until(asked, "somebody to ask for credentials")
            begin = time.monotonic()
            self.assertEqual(service.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5)
            self.assertNotIn("stuckLane", service.lines[-1])

    def test_no_output_holds_a_secret(self):
        self.aws.order("key", key="AKIACANARY", secret=SECRET, token=TOKEN, seconds=3600)
        service = self.start(self.settings(AWS_ACCESS_KEY_ID="AKIACANARY", AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN, LOG_LEVEL="trace"))
        self.lands(service, "canary-event")
        for kind in ("access_denied", "html", "half_answer", "error_5xx", "throttle", "lost_answer", "expired_token"):
            self.aws.fault(kind, times=2)
            service.post(dict(event(f"during-{kind}"), city="canary-city"))
        self.aws.fault("off")
        self.lands(service, "at-last")
        self.aws.order("expire", key="AKIACANARY")
        service.post(event("expired"))
        service.wait_log(lambda l: "Expired" in l.get("error", ""))
        shown = self.run_command("config", settings=service.environment)
        service.stop()
        output = b"".join(service.raw) + "".join(service.errors).encode() + (shown.stdout + shown.stderr).encode()
        for secret in (SECRET, TOKEN, "Signature=", "canary-city"):
            self.assertNotIn(secret.encode(), output)


class Trouble(AwsTest):
    def test_every_way_that_an_endpoint_can_fail(self):
        service = self.start(self.guide())
        self.assertEqual(service.post(event("warm")).status, 200)
        self.wait_each_once(["warm"])
        names = ["warm"]
        for kind, more in (("throttle", {"times": 4}), ("active_statements", {"times": 3}), ("error_5xx", {"times": 4}), ("html", {}), ("half_answer", {"times": 2}),
                           ("lost_answer", {"operation": "BatchExecuteStatement"}), ("conflict", {}),
                           ("statement_fails", {"message": "unheard of", "statement_contains": "insert into"})):
            with self.subTest(kind):
                self.apis["secondary"].fault(kind, **more)
                names.append(f"in-{kind}")
                self.assertEqual(service.post(event(names[-1])).status, 200)
                self.wait_each_once(names)
        wait_until(lambda: self.waiting() == 0, "the queue to be empty")

    def test_throttles_that_are_ridden_out_are_counted(self):
        service = self.start(self.guide())

        def value(sample):
            scrape = service.request("GET", "/metrics").body.decode()
            return next(float(line.split()[-1]) for line in scrape.splitlines() if line.startswith(sample + " "))
        self.assertEqual(service.post(event("warm")).status, 200)
        self.wait_each_once(["warm"])
        self.assertEqual(value('twinshift_aws_throttles_total{service="redshift-data"}'), 0)
        self.apis["secondary"].fault("throttle", times=2, operation="BatchExecuteStatement")
        self.assertEqual(service.post(event("throttled")).status, 200)
        self.wait_each_once(["warm", "throttled"])
        self.assertEqual(value('twinshift_aws_throttles_total{service="redshift-data"}'), 2)
        self.assertEqual(value('twinshift_aws_throttles_total{service="sqs"}'), 0)
        self.assertEqual(value('twinshift_target_failures_total{target="secondary",kind="throttled"}'), 0, "no batch failed for it")

    def test_a_statement_that_never_ends(self):
        service = self.start(self.guide(SECONDARY_REDSHIFT_STATEMENT_TIMEOUT="2000"))
        self.assertEqual(service.post(event("warm")).status, 200)
        self.wait_each_once(["warm"])
        self.apis["secondary"].fault("statement_hangs", statement_contains="insert into twinshift_stage")
        self.assertEqual(service.post(event("hung")).status, 200)
        line = service.wait_log(lambda l: "Timeout waiting for secondary Redshift statement to complete" in l.get("error", ""))
        self.assertIn("SECONDARY_REDSHIFT_STATEMENT_TIMEOUT", line["hint"])
        self.assertIn(f"statement {line['statementId']}", line["error"], "the Data API's own id of the statement")
        self.wait_each_once(["warm", "hung"])

    def test_a_stop_with_everything_stuck_ends_in_time(self):
        sqs = SqsServer()
        self.addCleanup(sqs.stop)
        owed = sqs.create_queue("owed")
        service = self.start(self.guide(SQS_QUEUE_URL=sqs.create_queue("events"), SECONDARY_BACKLOG_QUEUE_URL=owed, SHUTDOWN_TIMEOUT="15s"))
        self.assertEqual(service.post(event("warm")).status, 200)
        self.wait_each_once(["warm"])
        for api in self.apis.values():
            api.fault("statement_hangs", times=9, statement_contains="insert into twinshift_stage")
        self.assertEqual(service.post(event("hung")).status, 200)
        wait_until(lambda: self.apis["primary"].order("stats", database=self.database)["active"] > 0, "a statement that hangs")
        os.kill(sqs.pid(), signal.SIGSTOP)
        try:
            self.assertEqual(service.post(event("pending")).status, 503)
            begin = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            service.process.wait(60)
            self.assertLess(time.monotonic() - begin, 17, "SHUTDOWN_TIMEOUT and a little")
        finally:
            os.kill(sqs.pid(), signal.SIGCONT)
            for api in self.apis.values():
                api.fault("off")
        self.services.remove(service)

    def test_a_queue_that_is_gone_and_comes_back(self):
        url = self.sqs.queue_url(f"late-{self.database}")
        service = self.start(self.guide(SQS_QUEUE_URL=url))
        line = service.wait_log(lambda l: "QueueDoesNotExist" in l.get("error", ""))
        self.assertIn("sqs:", line["error"])
        self.assertEqual(service.post(event("early")).status, 503)
        self.sqs.create_queue(f"late-{self.database}")
        wait_until(lambda: service.post(event("late")).status == 200, "an event to be taken")
        self.wait_each_once(["late"])

    def test_poisoned_messages_harm_nobody_and_end_in_the_dlq(self):
        self.sqs.call("SetQueueAttributes", QueueUrl=self.queue, Attributes={"RedrivePolicy": self.redrive(2)})
        for body in ("not json", "[1,2]", '{"id":"x","timestamp":"y","data":', "x" * 1_000_000, '{"pack":1,"events":[' + ",".join(['{"data":{}}'] * 70_000) + "]}",
                     '{"id":"1","timestamp":"t","data":"text"}'):
            self.sqs.call("SendMessage", QueueUrl=self.queue, MessageBody=body)
        service = self.start(self.guide())
        self.assertEqual(service.post(event("well")).status, 200)
        # What is an object is an event, whatever it holds: two of these land, without an appsflyer_id.
        for target in ("primary", "secondary"):
            wait_until(lambda t=target: self.landed(t) == {"": 2, "well": 1}, f"the event, and what is one, in {target}")
        wait_until(lambda: self.waiting() == 0 and self.waiting(self.dlq) >= 3, "the poisoned ones in the DLQ")
        shown = self.run_command("queue", "status", "--json", settings=self.guide())
        self.assertEqual(shown.returncode, 0, shown.stderr)
        told = {row["queue"]: row for row in json.loads(shown.stdout)}
        self.assertEqual(told["queue DLQ"]["visible"], self.waiting(self.dlq))
        before = self.waiting(self.dlq)
        back = self.run_command("queue", "redrive", settings=self.guide())
        self.assertEqual(back.returncode, 0, back.stderr)
        self.assertIn(f"{before} messages", back.stdout)

    def test_the_spool_takes_events_while_sqs_is_away(self):
        sqs = SqsServer()
        self.addCleanup(sqs.stop)
        port, url = sqs.port, sqs.create_queue("events")
        service = self.start(self.guide(SQS_QUEUE_URL=url, SQS_SPOOL="true"))
        self.assertEqual(service.post(event("before")).status, 200)
        self.wait_each_once(["before"])
        sqs.stop()
        for number in range(5):
            self.assertEqual(service.post(event(f"spooled-{number}")).status, 200)
        self.assertEqual(service.stop(), 0)
        service = self.start(self.guide(SQS_QUEUE_URL=url, SQS_SPOOL="true"))
        again = SqsServer(port)
        self.addCleanup(again.stop)
        again.create_queue("events")
        self.wait_each_once([f"spooled-{number}" for number in range(5)])

    def test_debts_in_a_queue_outlive_the_disk(self):
        owed = self.sqs.create_queue(f"owed-{self.database}", MessageRetentionPeriod=1_209_600)
        settings = self.guide(SECONDARY_BACKLOG_QUEUE_URL=owed, TWINSHIFT_DATA_DURABLE="false", QUEUE_LEASE_TIMEOUT="5s")
        service = self.start(settings)
        self.assertEqual(service.post(event("warm")).status, 200)
        self.wait_each_once(["warm"])
        self.apis["secondary"].fault("refuse")
        self.assertEqual(service.post(event("owed")).status, 200)
        self.wait_each_once(["warm", "owed"], targets=["primary"])
        wait_until(lambda: self.waiting() == 0 and self.waiting(owed) == 1, "the debt in its queue")
        service.process.kill()
        service.process.wait()
        self.services.remove(service)
        self.assertFalse([name for name in os.listdir(service.data) if "backlog" in name])
        self.apis["secondary"].fault("off")
        other = self.start_elsewhere(settings)
        self.wait_each_once(["warm", "owed"])
        wait_until(lambda: self.waiting(owed) == 0, "the debt to be paid")
        other.stop()

    def start_elsewhere(self, settings):
        from harness import Service
        folder = os.path.join(self.folder, "elsewhere")
        os.makedirs(folder)
        service = Service(folder, settings)
        self.services.append(service)
        return service.wait_started()


class Wire(AwsTest):
    """The guide's own secondary endpoint is a cluster's: Redshift's wire protocol, with a password from AWS."""

    def test_a_temporary_password_opens_the_wire(self):
        server = PostgresServer(password=PASSWORD)
        self.addCleanup(server.remove)
        server.start()
        server.create_database(self.database)
        stand_in = StandIn(server)
        self.addCleanup(stand_in.stop)
        aws = DataApi(server, ["--cluster", "/".join(SECONDARY)])
        self.addCleanup(aws.stop)
        settings = self.guide(SECONDARY_REDSHIFT_ENDPOINT=f"redshift://127.0.0.1:{stand_in.ports['redshift']}?sslmode=disable",
                              AWS_ENDPOINT_URL_REDSHIFT=aws.url, AWS_ENDPOINT_URL_SQS=self.sqs.url)
        aws.fault("access_denied", operation="GetClusterCredentials")
        service = self.start(settings)
        service.wait_log(lambda l: "says the wire" in l.get("msg", ""))
        self.assertEqual(service.post(event("wire")).status, 200)
        line = service.wait_log(lambda l: "User is not authorized to perform: redshift:GetClusterCredentials" in l.get("error", ""))
        self.assertEqual(line["target"], "secondary")
        self.wait_each_once(["wire"], targets=["primary"])
        aws.fault("off")
        wait_until(lambda: server.psql("SELECT count(*) FROM appsflyer_events", self.database) == "1" if self.made(server) else False,
                   "the event in the secondary")
        self.assertNotIn(b"IAM:", b"".join(service.raw))
        shown = self.run_command("query", "SELECT appsflyer_id FROM appsflyer_events", settings=settings)
        self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)

    def made(self, server):
        return server.psql("SELECT count(*) FROM pg_class WHERE relname = 'appsflyer_events' AND relkind = 'r'", self.database) == "1"


class BlackHole(ServiceTest):
    """An SQS that takes connections and never answers; nothing else of AWS is there."""

    def settings(self, **more):
        hole = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.addCleanup(hole.close)
        url = f"http://127.0.0.1:{hole.getsockname()[1]}/000000000000/"
        return {"SQS_QUEUE_URL": url + "events", "SECONDARY_BACKLOG_QUEUE_URL": url + "owed", "QUARANTINE_QUEUE_URL": url + "refused",
                "TWINSHIFT_DATA_DURABLE": "true", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", **more}

    def check_listens_before_sqs_is_given_up(self, status, **more):
        service = self.start(self.settings(**more))
        unread = service.wait_log(lambda l: l.get("msg") == "Failed to read the attributes of the SQS queue")
        listening = service.wait_log(lambda l: l.get("msg") == "Server listening")
        self.assertLess(service.lines.index(listening), service.lines.index(unread), "the port waited for SQS")
        self.assertEqual(service.post(event("meanwhile")).status, status)

    def test_the_port_opens_all_the_same(self):
        self.check_listens_before_sqs_is_given_up(503)

    def test_the_spool_takes_events_at_once(self):
        self.check_listens_before_sqs_is_given_up(200, SQS_SPOOL="true")


if __name__ == "__main__":
    unittest.main()
