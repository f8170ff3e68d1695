"""SQS behind the front: signatures, permissions and faults are the front's, queues are the independent server's. One event loop."""

import asyncio
import json

from aws_http import Answer, AwsError, Request, as_json
from aws_service import JsonService

JSON = "application/x-amz-json-1.0"
IDLE_MAX = 64
ANSWER_SECONDS_MAX = 40  # a long poll takes 20
PASSED_ON = ("x-amzn-query-error",)
# The Query protocol's names, which the header x-amzn-query-error goes on giving.
LEGACY = {"UnrecognizedClientException": "InvalidClientTokenId", "ExpiredTokenException": "ExpiredToken",
          "InvalidSignatureException": "SignatureDoesNotMatch", "AccessDeniedException": "AccessDenied",
          "ThrottlingException": "RequestThrottled"}


class Backend:
    """A pool of connections to the server on `port`."""

    def __init__(self, port):
        self._port = port
        self._idle = []

    async def ask(self, request):
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{n}: {v}" for n, v in request.headers.items() if n != "expect")]
        data = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body
        while self._idle:
            reader, writer = self._idle.pop()
            try:
                return await self._exchange(reader, writer, data)
            except (OSError, asyncio.IncompleteReadError):
                pass  # it had been closed meanwhile
        return await self._exchange(*await asyncio.open_connection("127.0.0.1", self._port), data)

    async def _exchange(self, reader, writer, data):
        try:
            status, headers, body = await converse(reader, writer, data)
        except BaseException:
            writer.close()  # also where the client has gone: the server behind must know
            raise
        if len(self._idle) < IDLE_MAX and headers.get("connection", "") != "close":
            self._idle.append((reader, writer))
        else:
            writer.close()
        return status, headers, body


async def converse(reader, writer, data):
    """One request, one answer: (status, headers, body)."""
    writer.write(data)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")[:-4].split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


class SqsFront(JsonService):
    service = "sqs"
    prefix = "AmazonSQS."
    denied_status = 403

    def __init__(self, port, faults):
        self._backend = Backend(port)
        self._faults = faults

    def scope_of(self, given, region):
        name = str(given.get("QueueUrl") or given.get("QueueName") or "").rpartition("/")[2]
        return {"service": self.service, "region": region, "queue": name}

    def action(self, operation):
        return "sqs:" + operation.removesuffix("Batch").lower()

    def resource(self, call, region):
        return f"arn:aws:sqs:{region}:000000000000:{call.scope['queue']}"

    def error(self, error):
        answer = error.as_json(JSON)
        kind = "Receiver" if error.status >= 500 else "Sender"
        answer.headers["x-amzn-query-error"] = f"{LEGACY.get(error.code, error.code)};{kind}"
        return answer

    async def handle(self, call, _identity, _region):
        fault = self._faults.take("entry_fails", call.scope) if call.operation.endswith("Batch") else None
        if fault is None:
            return await self._pass_on(call.request)
        entries = call.given.get("Entries", [])
        failed, kept = entries[:fault.entries], entries[fault.entries:]
        told = {"Successful": [], "Failed": []}
        if kept:
            answer = await self._pass_on(with_body(call.request, {**call.given, "Entries": kept}))
            if answer.status != 200:
                return answer
            told.update(json.loads(answer.body))
        told["Failed"] = [{"Id": entry["Id"], "SenderFault": fault.sender_fault, "Code": fault.code, "Message": fault.message}
                          for entry in failed] + told["Failed"]
        return as_json(told, JSON)

    async def _pass_on(self, request):
        try:
            status, headers, body = await asyncio.wait_for(self._backend.ask(request), ANSWER_SECONDS_MAX)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            raise AwsError("InternalFailure", "The server behind does not answer.", 500, "message") from None
        return Answer(status, body, headers.get("content-type", JSON), {n: headers[n] for n in PASSED_ON if n in headers})


def with_body(request, members):
    body = json.dumps(members).encode()
    target = request.path + (f"?{request.query}" if request.query else "")
    return Request(request.method, target, {**request.headers, "content-length": str(len(body))}, body)
