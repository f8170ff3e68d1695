"""Redshift's control planes, as far as they give passwords: GetClusterCredentials, ...WithIAM, and Redshift Serverless' GetCredentials.

A password is real: the PostgreSQL behind gets a role of that name (a superuser, so that every test database is open to it) whose password
ends when the answer says. Whether it is asked for one is the server's affair: PostgresServer(password=...). One event loop."""

import asyncio
import secrets

from aws_http import AwsError, as_json
from aws_keys import ACCOUNT
from aws_query import QueryService, iso, needed, seconds_of
from aws_service import JsonService, check_json
from pg_wire import Client
from sql_tokens import quote_name


class Passwords:
    """Issues them. `lifetime`: seconds; wins over what is asked for; None: does not."""

    def __init__(self, admin, keys):
        self._admin = admin
        self._keys = keys
        self.lifetime = None

    async def issue(self, user, seconds):
        """(password, when it ends)."""
        password = secrets.token_urlsafe(24)
        ends = self._keys.now() + (seconds if self.lifetime is None else self.lifetime)
        await asyncio.to_thread(self._make_role, user, password, ends)
        return password, ends

    def _make_role(self, user, password, ends):
        name = quote_name(user)
        with Client(*self._admin, "postgres") as client:
            client.query("BEGIN; LOCK pg_authid")
            if not client.rows(f"SELECT 1 FROM pg_roles WHERE quote_ident(rolname) = quote_ident('{user.replace(chr(39), chr(39) * 2)}')"):
                client.query(f"CREATE ROLE {name} SUPERUSER LOGIN")
            client.query(f"ALTER ROLE {name} PASSWORD '{password}' VALID UNTIL '{iso(ends)}'")
            client.query("COMMIT")


def identity_user(identity):
    """As GetClusterCredentialsWithIAM names who asks."""
    arn = identity.arn if identity else ""
    if ":assumed-role/" in arn:
        return "IAMR:" + arn.split(":assumed-role/")[1].split("/")[0]
    return "IAM:" + (arn.rpartition("/")[2] or "anonymous")


class RedshiftControl(QueryService):
    service = "redshift"
    version = "2012-12-01"
    namespace = "http://redshift.amazonaws.com/doc/2012-12-01/"
    actions = {"GetClusterCredentials": "credentials", "GetClusterCredentialsWithIAM": "credentials_with_iam"}

    def __init__(self, passwords, clusters):
        self._passwords = passwords
        self._clusters = clusters

    def resource(self, call, region):
        cluster = call.given.get("ClusterIdentifier", "")
        if call.operation == "GetClusterCredentials":
            return f"arn:aws:redshift:{region}:{ACCOUNT}:dbuser:{cluster}/{call.given.get('DbUser', '')}"
        return f"arn:aws:redshift:{region}:{ACCOUNT}:dbname:{cluster}/{call.given.get('DbName', '')}"

    def regions(self):
        return {region for region, _ in self._clusters}

    def _check_cluster(self, given, region):
        needed(given, "ClusterIdentifier")
        if (region, given["ClusterIdentifier"]) not in self._clusters:
            raise AwsError("ClusterNotFound", f"Cluster {given['ClusterIdentifier']} not found.", 404)

    async def credentials(self, given, _identity, region):
        needed(given, "DbUser")
        self._check_cluster(given, region)
        prefix = "IAMA:" if given.get("AutoCreate", "").lower() == "true" else "IAM:"
        user = prefix + given["DbUser"]
        password, ends = await self._passwords.issue(user, seconds_of(given, "DurationSeconds", 900, 900, 3600))
        return {"DbUser": user, "DbPassword": password, "Expiration": iso(ends)}

    async def credentials_with_iam(self, given, identity, region):
        self._check_cluster(given, region)
        user = identity_user(identity)
        password, ends = await self._passwords.issue(user, seconds_of(given, "DurationSeconds", 900, 900, 3600))
        return {"DbUser": user, "DbPassword": password, "Expiration": iso(ends), "NextRefreshTime": iso(ends)}


class ServerlessControl(JsonService):
    service = "redshift-serverless"
    prefix = "RedshiftServerless."

    def __init__(self, passwords, clusters):
        self._passwords = passwords
        self._clusters = clusters

    def scope_of(self, given, region):
        return {"service": self.service, "region": region, "database": given.get("dbName", ""), "cluster": given.get("workgroupName", "")}

    def regions(self):
        return {region for region, _ in self._clusters}

    def resource(self, call, region):
        return f"arn:aws:redshift-serverless:{region}:{ACCOUNT}:workgroup/{call.given.get('workgroupName', '')}"

    async def handle(self, call, identity, region):
        check_json(call)
        given = call.given
        if call.operation != "GetCredentials":
            raise AwsError("UnknownOperationException", "", 400, "message")
        if (region, given.get("workgroupName")) not in self._clusters:
            raise AwsError("ResourceNotFoundException", f"Workgroup {given.get('workgroupName')} not found.", 404, "message")
        user = identity_user(identity)
        password, ends = await self._passwords.issue(user, seconds_of(given, "durationSeconds", 900, 900, 3600))
        return as_json({"dbUser": user, "dbPassword": password, "expiration": round(ends, 3), "nextRefreshTime": round(ends, 3)})
