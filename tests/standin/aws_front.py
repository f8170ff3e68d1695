"""What stands before every service of the stand-ins: which one is meant, faults, signature, permission; then the service, then its answer.

The services are aws_service.Service."""

import asyncio

from aws_faults import Board, Stats
from aws_http import Answer, AwsError
from aws_keys import ACCOUNT, KeyRing, expired_token

HTML = b"<html><head><title>503 Service Temporarily Unavailable</title></head><body><center><h1>503</h1></center></body></html>\n"
CUT = Answer(0, how="none")


class Call:
    """One request, as far as it is understood. `scope`: what a fault can be meant for."""

    __slots__ = ("request", "service", "operation", "given", "scope")

    def __init__(self, request, service, operation, given, scope):
        self.request = request
        self.service = service
        self.operation = operation
        self.given = given
        self.scope = scope


class Front:
    def __init__(self):
        self.faults = Board()
        self.stats = Stats()
        self.keys = KeyRing()
        self.checking = True
        self._services = []
        self.verifier = None  # a second opinion on signatures
        self._changed = asyncio.Event()

    def add(self, service):
        self._services.append(service)
        return service

    def faults_changed(self):
        """Wakes what a black hole holds."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def handle(self, request):
        call = self._understand(request)
        if call is None:
            return AwsError("UnknownOperationException", "", 404, "message").as_json()
        self.stats.note(call.service.service, call.operation, call.scope.get("database", ""))
        try:
            answer = await self._before(call) or await self._work(call)
        except AwsError as error:
            answer = call.service.error(error)
        if answer.status >= 400:
            self.stats.errors[answer.headers.get("x-amzn-errortype", str(answer.status))] += 1
        return answer

    def _understand(self, request):
        for service in self._services:
            found = service.recognise(request)
            if found is not None:
                operation, given = found
                scope = service.scope_of(given, region_of(request))
                return Call(request, service, operation, given, {**scope, "operation": operation})
        return None

    async def _before(self, call):
        """Faults that strike before the request is looked at."""
        take = self.faults.take
        if slow := take("slow", call.scope):
            await asyncio.sleep(slow.seconds)
        if fault := take("black_hole", call.scope):
            return await self._silence(fault)
        if fault := take("html", call.scope):
            return Answer(fault.status, HTML, "text/html")
        if fault := take("error_5xx", call.scope):
            raise AwsError(fault.code, fault.message, fault.status)
        return None

    async def _silence(self, fault):
        """Says nothing until the fault is switched off; then the connection ends."""
        while self.faults.holds(fault):
            await self._changed.wait()
        return CUT

    async def _work(self, call):
        identity, region = await self._admit(call)
        lost = self.faults.take("lost_answer", call.scope)
        answer = await call.service.handle(call, identity, region)
        if lost:
            if not lost.early:
                await call.service.work_done(call, answer)
            return await self._silence(lost) if lost.hold else CUT
        if self.faults.take("half_answer", call.scope):
            answer.how = "half"
        return answer

    async def _admit(self, call):
        """Who asks, and the region asked. Raises AwsError."""
        identity, region = None, region_of(call.request)
        if self.checking and call.service.signed(call.operation):
            identity, region = self.keys.check(call.request, call.service.service, call.service.regions())
            if self.verifier:
                await self.verifier.check(call.request, identity)
        if self.faults.take("expired_token", call.scope):
            raise expired_token()
        if self.faults.take("throttle", call.scope):
            raise AwsError("ThrottlingException", "Rate exceeded", 400, "message")
        if self.faults.take("access_denied", call.scope):
            raise access_denied(call, identity, region)
        if fault := self.faults.take("error", call.scope):
            raise AwsError(fault.code, fault.message, fault.status)
        return identity, region


def region_of(request):
    """That the request is signed for; empty where it is not signed."""
    scope = request.headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    return scope[2] if len(scope) == 5 else ""


def access_denied(call, identity, region):
    who = identity.arn if identity else f"arn:aws:iam::{ACCOUNT}:user/anonymous"
    action = call.service.action(call.operation)
    return AwsError("AccessDeniedException", f"User: {who} is not authorized to perform: {action} on resource: "
                    f"{call.service.resource(call, region)} because no identity-based policy allows the {action} action",
                    call.service.denied_status)
