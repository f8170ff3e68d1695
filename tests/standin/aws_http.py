"""HTTP/1.1 for the stand-ins of AWS: requests in, answers out, and the ways in which an answer can go wrong. One event loop.

Only what clients of AWS send: a body with Content-Length, `Expect: 100-continue`, connections that are used again."""

import asyncio
import json
import uuid
from urllib.parse import parse_qsl

HEAD_BYTES_MAX = 1 << 16
BODY_BYTES_MAX = 32 << 20
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}


class Request:
    """`headers`: lower-case name -> value, repeated ones joined by a comma. `path` and `query` as they came, still encoded."""

    __slots__ = ("method", "path", "query", "headers", "body")

    def __init__(self, method, target, headers, body=b""):
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body

    def form(self):
        """Of the Query protocol: the body's fields, after those in the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True) + parse_qsl(self.body.decode(), keep_blank_values=True))


class Answer:
    """`how`: "whole"; "half" of it and then the end; "none": the connection is reset in its place."""

    def __init__(self, status, body=b"", content_type="application/x-amz-json-1.1", headers=None, how="whole"):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers or {}
        self.how = how

    def encode(self, date):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Other')}", f"content-type: {self.content_type}",
                 f"content-length: {len(self.body)}", f"date: {date}", f"x-amzn-requestid: {uuid.uuid4()}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class AwsError(Exception):
    """An error that the client is told: its code, HTTP status, text. `member`: how the text's member is spelt (both are in use at AWS)."""

    def __init__(self, code, message, status=400, member="Message", more=None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.member = member
        self.more = more or {}

    def as_json(self, content_type="application/x-amz-json-1.1"):
        prefix = "com.amazon.coral.service#" if self.member == "message" else ""
        body = {"__type": prefix + self.code, self.member: self.message, **self.more}
        return Answer(self.status, json.dumps(body).encode(), content_type, {"x-amzn-errortype": self.code})


def as_json(value, content_type="application/x-amz-json-1.1"):
    return Answer(200, json.dumps(value, separators=(",", ":")).encode(), content_type)


async def read_request(reader, writer):
    """None: the client has ended its side, or speaks no HTTP."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head[:-4].split("\r\n")
        method, target, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        length = int(headers.get("content-length", "0"))
        if not version.startswith("HTTP/1.") or not 0 <= length <= BODY_BYTES_MAX:
            return None
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(method, target, headers, await reader.readexactly(length))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, OSError):
        return None


class Connection(asyncio.StreamReaderProtocol):
    """One that tells, by `gone`, that its client has ended its side."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.gone = asyncio.Event()

    def eof_received(self):
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, failure):
        self.gone.set()
        super().connection_lost(failure)


class HttpServer:
    """Listens on 127.0.0.1; `handle(request)` is a coroutine that gives an Answer; `date()` gives the Date header's text."""

    def __init__(self, handle, date):
        self._handle = handle
        self._date = date
        self._connections = {}
        self.accepted = 0
        self.refusing = lambda: False  # new connections are reset while it says so

    async def listen(self, port, tls=None):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(asyncio.StreamReader(HEAD_BYTES_MAX, loop), self._serve, loop), "127.0.0.1", port,
                                          ssl=tls, backlog=512)
        return server.sockets[0].getsockname()[1]

    def cut_all(self):
        for writer in list(self._connections.values()):
            writer.transport.abort()

    async def _serve(self, reader, writer):
        if self.refusing():
            writer.transport.abort()
            return
        self.accepted += 1
        number = self.accepted
        self._connections[number] = writer
        try:
            await self._answer_all(reader, writer)
        except OSError:
            pass  # the client is gone
        finally:
            del self._connections[number]
            writer.close()

    async def _answer(self, request, gone):
        """What handles the request is cancelled where the client goes meanwhile: nothing waits, or takes messages, for nobody."""
        handling, leaving = asyncio.ensure_future(self._handle(request)), asyncio.ensure_future(gone.wait())
        try:
            await asyncio.wait({handling, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if handling.done():
                return handling.result()
        finally:
            handling.cancel()
            leaving.cancel()
        raise ConnectionResetError

    async def _answer_all(self, reader, writer):
        while request := await read_request(reader, writer):
            answer = await self._answer(request, writer.transport.get_protocol().gone)
            if answer.how == "none":
                writer.transport.abort()
                return
            data = answer.encode(self._date())
            if answer.how == "half":
                writer.write(data[:max(len(data) - len(answer.body) // 2 - 1, 1)])
                return
            writer.write(data)
            await writer.drain()
            if request.headers.get("connection", "").lower() == "close":
                return
