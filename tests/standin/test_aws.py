"""What gives credentials and passwords, and that what is issued opens the other doors."""

import json
import re
import unittest

from aws_call import Caller
from aws_identity import ROLE, WEB_TOKEN
from aws_metadata import CONTAINER_PATH, IMDS_REGION, IMDS_ROLES
from aws_servers import CLUSTER, REGION, DataApi
from postgres_server import PostgresServer, ServerError
from with_servers import StandIn

STS, CONTROL = "2011-06-15", "2012-12-01"


def element(xml, name):
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found.group(1) if found else None


class AwsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = PostgresServer(password="superuser's own")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.aws = DataApi(cls.server)
        cls.addClassCleanup(cls.aws.stop)

    def setUp(self):
        self.aws.order("reset")
        self.call = Caller(self.aws)

    def select_1(self):
        status, answer = self.call.data_api("ExecuteStatement", Sql="SELECT 1", ClusterIdentifier=CLUSTER, Database="postgres",
                                            WaitTimeSeconds=30)
        return status, answer.get("Status") or answer["__type"].rpartition("#")[2]

    def use_xml(self, xml):
        self.call.use(element(xml, "AccessKeyId"), element(xml, "SecretAccessKey"), element(xml, "SessionToken"))

    def use_json(self, text):
        given = json.loads(text)
        self.call.use(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
        return given


class Sts(AwsTest):
    def test_assume_role(self):
        status, xml = self.call.query("sts", STS, "AssumeRole", RoleArn=ROLE, RoleSessionName="me-too", DurationSeconds="900")
        self.assertEqual(status, 200, xml)
        self.assertRegex(element(xml, "Expiration"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.use_xml(xml)
        self.assertEqual(self.select_1(), (200, "FINISHED"))
        status, xml = self.call.query("sts", STS, "GetCallerIdentity")
        self.assertEqual(element(xml, "Arn"), "arn:aws:sts::123456789012:assumed-role/twinshift-test/me-too")
        self.aws.order("expire", key=self.call.key)
        self.assertEqual(self.select_1(), (403, "ExpiredTokenException"))

    def test_external_id(self):
        arn = "arn:aws:iam::210987654321:role/theirs"
        self.aws.order("role", arn=arn, external_id="agreed")
        status, xml = self.call.query("sts", STS, "AssumeRole", RoleArn=arn, RoleSessionName="me")
        self.assertEqual((status, element(xml, "Code")), (403, "AccessDenied"))
        self.assertIn(f"is not authorized to perform: sts:AssumeRole on resource: {arn}", xml)
        status, xml = self.call.query("sts", STS, "AssumeRole", RoleArn=arn, RoleSessionName="me", ExternalId="agreed")
        self.assertEqual(status, 200)
        self.call.secret = "wrong"
        status, xml = self.call.query("sts", STS, "AssumeRole", RoleArn=ROLE, RoleSessionName="me")
        self.assertEqual((status, element(xml, "Code")), (403, "SignatureDoesNotMatch"))

    def test_web_identity(self):
        def ask(token):
            return self.call.query("sts", STS, "AssumeRoleWithWebIdentity", signed=False, RoleArn=ROLE, RoleSessionName="pod",
                                   WebIdentityToken=token)
        self.aws.order("set", sts_seconds=2)
        status, xml = ask(WEB_TOKEN)
        self.assertEqual(status, 200, xml)
        self.use_xml(xml)
        self.assertEqual(self.select_1(), (200, "FINISHED"))
        status, xml = ask("stale")
        self.assertEqual((status, element(xml, "Code")), (400, "InvalidIdentityToken"))
        self.aws.fault("throttle", service="sts")
        status, xml = ask(WEB_TOKEN)
        self.assertEqual((status, element(xml, "Code")), (400, "Throttling"))


class Metadata(AwsTest):
    def test_container(self):
        self.assertEqual(self.call.send("GET", CONTAINER_PATH)[0], 401)
        status, text = self.call.send("GET", CONTAINER_PATH, headers={"Authorization": "twinshift-container-token"})
        self.assertEqual(status, 200)
        self.use_json(text)
        self.assertEqual(self.select_1(), (200, "FINISHED"))
        self.aws.order("set", container_token="rotated")
        self.assertEqual(self.call.send("GET", CONTAINER_PATH, headers={"Authorization": "twinshift-container-token"})[0], 401)

    def test_instance(self):
        self.assertEqual(self.call.send("GET", IMDS_ROLES)[0], 401)
        self.assertEqual(self.call.send("PUT", "/latest/api/token")[0], 400)
        status, token = self.call.send("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
        self.assertEqual(status, 200)
        headers = {"X-aws-ec2-metadata-token": token}
        status, role = self.call.send("GET", IMDS_ROLES, headers=headers)
        status, text = self.call.send("GET", IMDS_ROLES + role, headers=headers)
        self.assertEqual(self.use_json(text)["Code"], "Success")
        self.assertEqual(self.select_1(), (200, "FINISHED"))
        self.assertEqual(self.call.send("GET", IMDS_REGION, headers=headers), (200, "us-east-1"))
        self.aws.order("set", imds_code="AssumeRoleUnauthorizedAccess")
        status, text = self.call.send("GET", IMDS_ROLES + role, headers=headers)
        self.assertEqual((status, json.loads(text)["Code"]), (200, "AssumeRoleUnauthorizedAccess"))
        self.aws.order("set", imds_role="")
        self.assertEqual(self.call.send("GET", IMDS_ROLES, headers=headers)[0], 404)
        self.assertEqual(self.call.send("GET", IMDS_ROLES, headers={"X-aws-ec2-metadata-token": "guess"})[0], 401)


class Passwords(AwsTest):
    def login(self, user, password, port=0):
        server = self.server
        own = server.user, server.password, server.port
        server.user, server.password, server.port = user, password, port or server.port
        try:
            return server.psql("SELECT current_user")
        finally:
            server.user, server.password, server.port = own

    def test_cluster(self):
        status, xml = self.call.query("redshift", CONTROL, "GetClusterCredentials", DbUser="loader", ClusterIdentifier=CLUSTER,
                                      DbName="dev", DurationSeconds="900")
        self.assertEqual((status, element(xml, "DbUser")), (200, "IAM:loader"), xml)
        self.assertEqual(self.login("IAM:loader", element(xml, "DbPassword")), "IAM:loader")
        with StandIn(self.server) as wire:
            self.assertEqual(self.login("IAM:loader", element(xml, "DbPassword"), wire.ports["redshift"]), "IAM:loader")
            with self.assertRaises(ServerError):
                self.login("IAM:loader", "guessed", wire.ports["redshift"])
        status, xml = self.call.query("redshift", CONTROL, "GetClusterCredentialsWithIAM", ClusterIdentifier=CLUSTER, DbName="dev")
        self.assertEqual(element(xml, "DbUser"), "IAMR:twinshift")
        self.assertEqual(self.login("IAMR:twinshift", element(xml, "DbPassword")), "IAMR:twinshift")

    def test_refusals(self):
        status, xml = self.call.query("redshift", CONTROL, "GetClusterCredentials", DbUser="u", ClusterIdentifier="elsewhere")
        self.assertEqual((status, element(xml, "Code")), (404, "ClusterNotFound"))
        status, xml = self.call.query("redshift", CONTROL, "GetClusterCredentials", DbUser="u", ClusterIdentifier=CLUSTER,
                                      DurationSeconds="10")
        self.assertEqual(status, 400)
        self.aws.fault("access_denied", service="redshift", times=1)
        status, xml = self.call.query("redshift", CONTROL, "GetClusterCredentials", DbUser="u", ClusterIdentifier=CLUSTER)
        self.assertEqual((status, element(xml, "Code")), (403, "AccessDenied"))
        self.assertIn(f"redshift:GetClusterCredentials on resource: arn:aws:redshift:{REGION}:123456789012:dbuser:{CLUSTER}/u", xml)

    def test_a_password_ends(self):
        self.aws.order("set", password_seconds=-1)
        status, answer = self.call.json("redshift-serverless", "RedshiftServerless.GetCredentials", workgroupName=CLUSTER, dbName="dev")
        self.assertEqual(status, 200, answer)
        with self.assertRaises(ServerError):
            self.login(answer["dbUser"], answer["dbPassword"])
        self.aws.order("set", password_seconds=None)
        status, answer = self.call.json("redshift-serverless", "RedshiftServerless.GetCredentials", workgroupName=CLUSTER, dbName="dev")
        self.assertEqual(self.login(answer["dbUser"], answer["dbPassword"]), answer["dbUser"])


if __name__ == "__main__":
    unittest.main()
