"""A small signing client of the stand-ins of AWS, for Python tests: Caller. One thread."""

import http.client
import json
import time
from urllib.parse import urlencode

from aws_http import Request
from aws_servers import REGION
from sigv4 import authorization_header

SECONDS_MAX = 60


class Caller:
    """`key`, `secret`, `token` may be changed between calls; a call gives (status, body as text)."""

    def __init__(self, data_api, region=REGION):
        self.key, self.secret, self.token = data_api.key, data_api.secret, ""
        self.region = region
        self._port = data_api.told["aws"]

    def use(self, key, secret, token):
        self.key, self.secret, self.token = key, secret, token

    def send(self, method, target, body=b"", headers=None):
        """Unsigned."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS_MAX)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def signed(self, service, body, headers):
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": f"127.0.0.1:{self._port}", "x-amz-date": now, **headers}
        if self.token:
            headers["x-amz-security-token"] = self.token
        request = Request("POST", "/", headers, body)
        headers["authorization"] = authorization_header(request, self.key, self.secret, self.region, service, now)
        return self.send("POST", "/", body, headers)

    def query(self, service, version, action, signed=True, **members):
        """The Query protocol: gives the XML."""
        body = urlencode({"Action": action, "Version": version, **members}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self.signed(service, body, kind) if signed else self.send("POST", "/", body, kind)

    def json(self, service, target, **members):
        kind = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        status, text = self.signed(service, json.dumps(members).encode(), kind)
        return status, json.loads(text)

    def data_api(self, operation, **members):
        return self.json("redshift-data", f"RedshiftData.{operation}", **members)
