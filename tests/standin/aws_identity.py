"""STS: AssumeRole and AssumeRoleWithWebIdentity for roles that were made known. One event loop."""

from aws_http import AwsError
from aws_keys import ACCOUNT
from aws_query import QueryService, iso, needed, seconds_of

ROLE = f"arn:aws:iam::{ACCOUNT}:role/twinshift-test"
WEB_TOKEN = "twinshift-web-identity-token"


class Role:
    """`external_id`: must come with AssumeRole where it is set. `web_token`: the only content of a token file that is taken."""

    def __init__(self, external_id="", web_token=WEB_TOKEN):
        self.external_id = external_id
        self.web_token = web_token


class Sts(QueryService):
    service = "sts"
    version = "2011-06-15"
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    actions = {"AssumeRole": "assume_role", "AssumeRoleWithWebIdentity": "assume_with_token", "GetCallerIdentity": "caller"}

    def __init__(self, keys):
        self._keys = keys
        self.roles = {ROLE: Role()}
        self.lifetime = None  # seconds; wins over what is asked for

    def signed(self, operation):
        return operation != "AssumeRoleWithWebIdentity"

    def resource(self, call, _region):
        return call.given.get("RoleArn", "*")

    async def assume_role(self, given, identity, _region):
        needed(given, "RoleArn", "RoleSessionName")
        role = self.roles.get(given["RoleArn"])
        if role is None or role.external_id != given.get("ExternalId", ""):
            who = identity.arn if identity else "arn:aws:iam::anonymous"
            raise AwsError("AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {given['RoleArn']}", 403)
        return self._issue(given)

    async def assume_with_token(self, given, _identity, _region):
        needed(given, "RoleArn", "RoleSessionName", "WebIdentityToken")
        role = self.roles.get(given["RoleArn"])
        if role is None:
            raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        if role.web_token != given["WebIdentityToken"]:
            raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
                           "Token)")
        return self._issue(given)

    async def caller(self, _given, identity, _region):
        return {"Arn": identity.arn if identity else "", "UserId": identity.key if identity else "", "Account": ACCOUNT}

    def _issue(self, given):
        name = given["RoleSessionName"]
        if len(name) < 2:
            raise AwsError("ValidationError", f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy "
                           "constraint: Member must have length greater than or equal to 2")
        seconds = seconds_of(given, "DurationSeconds", 3600, 900, 43_200)
        arn = given["RoleArn"].replace(":iam:", ":sts:", 1).replace(":role/", ":assumed-role/", 1) + f"/{name}"
        made = self._keys.issue(self.lifetime if self.lifetime is not None else seconds, arn)
        return {"Credentials": {"AccessKeyId": made.key, "SecretAccessKey": made.secret, "SessionToken": made.token,
                                "Expiration": iso(made.expires)},
                "AssumedRoleUser": {"AssumedRoleId": f"AROA:{name}", "Arn": arn}}
