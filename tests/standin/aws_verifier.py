"""A second opinion on signatures: the signer of AWS's own SDK in a Node.js process (tests/node/verify_signatures.mjs). One event loop."""

import asyncio
import base64
import json
import sys

from aws_http import AwsError
from node import script
from sigv4 import payload_hash_of, read_authorization

BODY_BYTES_MAX = 1 << 16  # of larger bodies the hash alone is told
LINE_BYTES_MAX = 1 << 20


class Verifier:
    def __init__(self):
        self._process = None
        self._waiting = {}
        self._number = 0
        self.agreed = 0
        self.differed = 0
        self._reading = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(*script("verify_signatures.mjs"), stdin=asyncio.subprocess.PIPE,
                                                             stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES_MAX)
        self._reading = asyncio.create_task(self._read())
        return self

    async def _read(self):
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            future = self._waiting.pop(answer["id"])
            if not future.done():  # whoever asked may have gone
                future.set_result(answer)
        for future in self._waiting.values():
            future.set_result({"error": "the verifier has ended"})

    async def check(self, request, identity):
        """Raises AwsError where the SDK's signer comes to another signature than the request has."""
        authorization = read_authorization(request.headers["authorization"])
        answer = await self._ask(request, identity, authorization)
        if answer.get("signature") == authorization.signature:
            self.agreed += 1
            return
        self.differed += 1
        print(f"stand-in: the SDK's signer differs: {answer}; request {request.method} {request.path} signed "
              f"{';'.join(authorization.signed_headers)}", file=sys.stderr, flush=True)
        raise AwsError("InvalidSignatureException", "The AWS SDK's own signer comes to another signature.", 403, "message")

    async def _ask(self, request, identity, authorization):
        self._number += 1
        asked = {"id": self._number, "method": request.method, "path": request.path, "query": request.query, "headers": request.headers,
                 "signed": authorization.signed_headers, "region": authorization.region, "service": authorization.service,
                 "time": request.headers["x-amz-date"], "key": identity.key, "secret": identity.secret, "token": identity.token}
        if len(request.body) > BODY_BYTES_MAX:
            asked["hash"] = payload_hash_of(request)
        else:
            asked["body"] = base64.b64encode(request.body).decode()
        future = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        await self._process.stdin.drain()
        return await future
