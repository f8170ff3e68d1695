"""What the stand-ins that speak AWS's Query protocol (a form in, XML out) share. One event loop."""

import time
import uuid
from xml.sax.saxutils import escape

from aws_http import Answer, AwsError
from aws_service import Service

# The Query protocol has names of its own for what the others say too.
CODES = {"InvalidSignatureException": "SignatureDoesNotMatch", "UnrecognizedClientException": "InvalidClientTokenId",
         "ExpiredTokenException": "ExpiredToken", "MissingAuthenticationTokenException": "MissingAuthenticationToken",
         "AccessDeniedException": "AccessDenied", "ThrottlingException": "Throttling", "InternalServerException": "InternalFailure"}


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def xml_of(value):
    """Of nested dicts."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml_of(inner)}</{name}>" for name, inner in value.items())
    return escape(str(value))


class QueryService(Service):
    """A subclass has `service`, `version`, `namespace`, `actions` (name -> coroutine method's name)."""

    actions = {}

    def recognise(self, request):
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return None
        try:
            form = request.form()
        except UnicodeDecodeError:
            return None
        return (form.get("Action", ""), form) if form.get("Version") == self.version and form.get("Action") in self.actions else None

    def scope_of(self, given, region):
        return {"service": self.service, "region": region, "database": given.get("DbName", ""), "cluster": given.get("ClusterIdentifier", "")}

    def error(self, error):
        kind = "Receiver" if error.status >= 500 else "Sender"
        code = CODES.get(error.code, error.code)
        body = {"Error": {"Type": kind, "Code": code, "Message": error.message}, "RequestId": uuid.uuid4()}
        return Answer(error.status, f'<ErrorResponse xmlns="{self.namespace}">{xml_of(body)}</ErrorResponse>'.encode(), "text/xml",
                      {"x-amzn-errortype": code})

    async def handle(self, call, identity, region):
        result = await getattr(self, self.actions[call.operation])(call.given, identity, region)
        body = {f"{call.operation}Result": result, "ResponseMetadata": {"RequestId": uuid.uuid4()}}
        return Answer(200, f'<{call.operation}Response xmlns="{self.namespace}">{xml_of(body)}</{call.operation}Response>'.encode(),
                      "text/xml")


def needed(given, *names):
    for name in names:
        if not given.get(name):
            raise AwsError("ValidationError", f"1 validation error detected: Value null at '{name[0].lower() + name[1:]}' failed to satisfy "
                           "constraint: Member must not be null")


def seconds_of(given, name, default, low, high):
    try:
        seconds = int(given.get(name) or default)
    except (TypeError, ValueError):
        seconds = -1
    if not low <= seconds <= high:
        raise AwsError("ValidationError", f"1 validation error detected: Value '{given.get(name)}' at '{name[0].lower() + name[1:]}' failed "
                       f"to satisfy constraint: Member must have value between {low} and {high}")
    return seconds
