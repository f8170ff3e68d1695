"""What the front asks of every stand-in of a service of AWS: Service, and JsonService for those that speak JSON. One event loop."""

import json

from aws_http import AwsError


class Service:
    """`service`: the name that requests are signed for, and that faults name."""

    service = ""
    denied_status = 403

    def recognise(self, request):
        """(operation, members) where the request is for this service, else None."""
        raise NotImplementedError

    async def handle(self, call, identity, region):
        """An Answer; raises AwsError."""
        raise NotImplementedError

    def scope_of(self, _given, region):
        """What a fault can be meant for, before anything is checked."""
        return {"service": self.service, "region": region}

    def signed(self, _operation):
        return True

    def regions(self):
        """Those that are served; None: all."""
        return None

    def action(self, operation):
        return f"{self.service}:{operation}"

    def resource(self, _call, _region):
        return "*"

    def error(self, error):
        return error.as_json()

    async def work_done(self, _call, _answer):
        """Returns when what the answer promises has been done."""


class JsonService(Service):
    """`prefix`: what X-Amz-Target begins with."""

    prefix = ""
    denied_status = 400

    def recognise(self, request):
        target = request.headers.get("x-amz-target", "")
        if not target.startswith(self.prefix):
            return None
        try:
            return target[len(self.prefix):], read_json(request)
        except AwsError:
            return target[len(self.prefix):], {}  # handle() says so, once it is known who asks


def read_json(request):
    try:
        given = json.loads(request.body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.", 400, "Message")
    return given


def check_json(call):
    """Raises what read_json() raised when the request was recognised."""
    if not call.given:
        read_json(call.request)
