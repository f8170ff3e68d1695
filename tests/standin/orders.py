"""How a stand-in takes its orders: lines of JSON on a socket of their own, each answered by one line, in its own thread's event loop."""

import asyncio
import json

ORDER_BYTES_MAX = 1 << 20


async def listen(obey, port):
    """The server on 127.0.0.1:`port` (0: any). `obey(order)` gives back the answer as a dict; what it raises is told as the answer."""
    return await asyncio.start_server(lambda reader, writer: _serve(obey, reader, writer), "127.0.0.1", port, limit=ORDER_BYTES_MAX)


async def _serve(obey, reader, writer):
    while line := await reader.readline():
        try:
            answer = {"ok": True, **obey(json.loads(line))}
        except (ValueError, KeyError, TypeError, AttributeError) as failure:
            answer = {"ok": False, "error": str(failure) or repr(failure)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()
