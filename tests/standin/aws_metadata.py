"""Where containers and machines get credentials: the container endpoint (ECS, EKS Pod Identity) and the instance metadata service, v2.

Both on one port of their own, unsigned, as they are at AWS; faults reach them as services "container" and "imds". One event loop."""

import json
import secrets

from aws_http import Answer
from aws_keys import ACCOUNT
from aws_query import iso
from aws_service import Service

CONTAINER_PATH = "/container/credentials"
IMDS_ROLES = "/latest/meta-data/iam/security-credentials/"
IMDS_REGION = "/latest/meta-data/placement/region"
TOKENS_MAX = 1000


class Metadata(Service):
    """`settings`: what control orders may change."""

    def signed(self, _operation):
        return False

    def error(self, error):
        return error.as_json("application/json")

    def __init__(self, keys):
        self._keys = keys
        self._tokens = {}
        self.settings = {"credential_seconds": 3600, "container_token": "twinshift-container-token", "imds_role": "twinshift-instance",
                         "imds_code": "Success", "imds_v1": False, "imds_region": "us-east-1"}

    def _plain(self, text, status=200):
        return Answer(status, text.encode(), "text/plain")

    def _credentials(self, role, **more):
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/i-0twinshift"
        made = self._keys.issue(self.settings["credential_seconds"], arn)
        return {"AccessKeyId": made.key, "SecretAccessKey": made.secret, "Token": made.token, "Expiration": iso(made.expires), **more}


class Container(Metadata):
    """GET; the Authorization header must be the token where one is set. The token file's content is read by the client, each time."""

    service = "container"

    def recognise(self, request):
        return ("GetCredentials", {}) if request.path == CONTAINER_PATH else None

    async def handle(self, call, _identity, _region):
        if call.request.method != "GET":
            return self._plain("Method Not Allowed", 405)
        if call.request.headers.get("authorization", "") != self.settings["container_token"]:
            return Answer(401, b'{"code":"AccessDenied","message":"the authorization token is not the one expected"}', "application/json")
        return Answer(200, json.dumps(self._credentials("twinshift-task", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/twinshift-task")).encode(),
                      "application/json")


class Imds(Metadata):
    service = "imds"

    def recognise(self, request):
        return (f"{request.method} {request.path}", {}) if request.path.startswith("/latest/") else None

    async def handle(self, call, _identity, _region):
        request = call.request
        if request.path == "/latest/api/token":
            return self._token(request)
        if not self._admitted(request):
            return self._plain("Unauthorized", 401)
        role = self.settings["imds_role"]
        if request.path in (IMDS_ROLES, IMDS_ROLES[:-1]):
            return self._plain(role, 200 if role else 404)
        if role and request.path == IMDS_ROLES + role:
            return Answer(200, json.dumps(self._role_answer(role)).encode(), "text/plain")
        if request.path == IMDS_REGION:
            return self._plain(self.settings["imds_region"])
        return self._plain("Not Found", 404)

    def _role_answer(self, role):
        if self.settings["imds_code"] != "Success":
            return {"Code": self.settings["imds_code"], "Message": "the stand-in was told to fail", "LastUpdated": iso(self._keys.now())}
        return self._credentials(role, Code="Success", Type="AWS-HMAC", LastUpdated=iso(self._keys.now()))

    def _token(self, request):
        seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT" or not seconds.isdigit() or not 1 <= int(seconds) <= 21_600 or "x-forwarded-for" in request.headers:
            return self._plain("Bad Request", 400 if request.method == "PUT" else 405)
        token = secrets.token_urlsafe(40)
        self._tokens[token] = self._keys.now() + int(seconds)
        while len(self._tokens) > TOKENS_MAX:
            self._tokens.pop(next(iter(self._tokens)))
        answer = self._plain(token)
        answer.headers["X-Aws-Ec2-Metadata-Token-Ttl-Seconds"] = seconds
        return answer

    def _admitted(self, request):
        token = request.headers.get("x-aws-ec2-metadata-token")
        if token is None:
            return self.settings["imds_v1"]
        return self._tokens.get(token, 0) > self._keys.now()
