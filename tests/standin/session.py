"""One client's connection through the proxy: two streams of messages, one each way. Runs in the proxy's event loop alone.

Only messages that a dialect looks into are held until they are whole; of all others the bytes go on as they come. A boundary is the place
behind a message that has been sent on; boundaries of both directions share one count."""

import asyncio
import socket
import struct

from dialects import Cut, Plain, Redshift, peek_bind
from pg_wire import CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST, error_of, read_startup, startup

HELD_BYTES_MAX = 1 << 18  # of one direction while it must wait; then the sender's socket is read no more
MESSAGE_BYTES_MAX = 1 << 30
CONNECT_SECONDS_MAX = 10
LOOKED_INTO_FROM_CLIENT = b"QP"
LOOKED_INTO_FROM_SERVER = b"ECZS"


class Stream(asyncio.Protocol):
    """One of the two sockets: what it receives waits in `buffer` until the session sends it to the other one."""

    def __init__(self, session, from_client):
        self.session = session
        self.from_client = from_client
        self.transport = None
        self.buffer = bytearray()
        self.passing = 0  # bytes of the current message that still go through unseen
        self.dropping = 0  # likewise, but thrown away
        self.ended = False
        self._paused = False

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=1 << 20)
        kept = transport.get_extra_info("socket")
        if kept is not None and kept.family != socket.AF_UNIX:
            kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.session.connected(self)

    def data_received(self, data):
        self.session.received(self, data)

    def eof_received(self):
        self.ended = True
        self.session.lost(self)
        return not self.session.secured  # the session closes; TLS cannot stay half open

    def connection_lost(self, _failure):
        self.ended = True
        self.session.lost(self)

    def pause_writing(self):
        self.session.other(self).pause()

    def resume_writing(self):
        self.session.other(self).resume()

    def pause(self):
        if not self._paused and self.transport is not None and not self.ended:
            self._paused = True
            self.transport.pause_reading()

    def resume(self):
        if self._paused and not self.ended:
            self._paused = False
            self.transport.resume_reading()

    def close(self, abruptly):
        if self.transport is None:
            return
        kept = self.transport.get_extra_info("socket")
        if abruptly and kept is not None and kept.family != socket.AF_UNIX:
            try:
                kept.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        if abruptly:
            self.transport.abort()
        else:
            self.transport.close()


class Session:
    def __init__(self, world, translated):
        self.world = world
        self.translated = translated
        self.database = ""
        self.dialect = Plain(world, "")
        self.client = Stream(self, True)
        self.server = Stream(self, False)
        self.closed = False
        self.secured = False
        self._started = False  # the startup packet has gone to the server
        self._busy = False  # something must be done before the client's next message
        self._swallowed = False  # a black hole took bytes: this connection never comes back
        self._counters = None

    def other(self, stream):
        return self.server if stream is self.client else self.client

    # What the sockets tell.

    def connected(self, stream):
        if stream is self.client:
            self.world.sessions.add(self)
            if self.world.faults.find("refuse", ""):
                self.end(None)

    def received(self, stream, data):
        if self.closed:
            return
        hole = self.hole()
        if hole and not hole.hold:
            self._swallowed = True
            return
        stream.buffer += data
        if self._counters:
            name = "client_bytes" if stream.from_client else "server_bytes"
            setattr(self._counters, name, getattr(self._counters, name) + len(data))
        self.pump(stream)

    def lost(self, stream):
        if self.closed or stream.buffer and self.waits(stream) or self.hole():
            return  # what it sent last is still on its way, or nobody hears that it ended
        self.closed = True
        self.world.sessions.discard(self)
        self.client.close(False)
        self.server.close(False)

    def hole(self):
        return self.world.faults.find("black_hole", self.database) if self.world.faults.any else None

    def healed(self):
        """The faults have changed."""
        if self.closed or self.hole():
            return
        if self._swallowed:
            self.end(None)
            return
        for stream in (self.client, self.server):
            self.pump(stream)
            if stream.ended:
                self.lost(stream)

    def end(self, last):
        """Cuts both sides. `last`: the stream whose last message must still arrive at the other side."""
        if self.closed:
            return
        self.closed = True
        self.world.sessions.discard(self)
        self.client.close(abruptly=last is not self.server)
        self.server.close(abruptly=False)  # what the server has got it works on, then it sees the end

    # Messages.

    def waits(self, stream):
        return self._busy if stream.from_client else not self._started

    def pump(self, stream):
        if self.waits(stream) or self.hole():
            if len(stream.buffer) > HELD_BYTES_MAX:
                stream.pause()
            return
        out = []
        try:
            while not self.waits(stream) and self.step(stream, out):
                pass
        except Cut:
            self.flush(stream, out)
            self.end(stream)
            return
        self.flush(stream, out)
        if stream.ended:
            self.lost(stream)
        elif len(stream.buffer) <= HELD_BYTES_MAX or not self.waits(stream):
            stream.resume()

    def flush(self, stream, out):
        target = self.other(stream)
        if out and target.transport is not None and not target.ended:
            target.transport.write(b"".join(out))

    def step(self, stream, out):
        """Sends on what can be sent of the current message. False: more bytes are needed."""
        buffer = stream.buffer
        if stream.dropping:
            count = min(stream.dropping, len(buffer))
            del buffer[:count]
            stream.dropping -= count
            return bool(buffer)
        if stream.passing:
            return self.pass_on(stream, out)
        if stream.from_client and not self._started:
            return self.first_packet(buffer)
        if len(buffer) < 5:
            return False
        kind = buffer[0]
        length = int.from_bytes(buffer[1:5], "big") + 1
        if not 5 <= length <= MESSAGE_BYTES_MAX:
            raise Cut
        if kind in (LOOKED_INTO_FROM_CLIENT if stream.from_client else LOOKED_INTO_FROM_SERVER):
            return self.whole_message(stream, kind, length, out)
        if stream.from_client and kind == 0x42:  # Bind
            return self.bind_message(stream, length, out)
        stream.passing = length
        return True

    def pass_on(self, stream, out):
        buffer = stream.buffer
        if not buffer:
            return False
        count = min(stream.passing, len(buffer))
        out.append(bytes(memoryview(buffer)[:count]) if count < len(buffer) else bytes(buffer))
        del buffer[:count]
        stream.passing -= count
        if stream.passing:
            return False
        self.boundary(stream)
        return True

    def whole_message(self, stream, kind, length, out):
        buffer = stream.buffer
        if len(buffer) < length:
            return False
        body = bytes(memoryview(buffer)[5:length])
        answer = self.look_into(stream, kind, body)
        out.append(bytes(memoryview(buffer)[:length]) if answer is None else answer)
        del buffer[:length]
        if answer != b"":
            self.boundary(stream)
        return True

    def look_into(self, stream, kind, body):
        dialect = self.dialect
        if stream.from_client:
            return dialect.on_query(body) if kind == 0x51 else dialect.on_parse(body)
        if kind == 0x45:
            return dialect.on_error(body)
        if kind == 0x43:
            return dialect.on_complete(body)
        if kind == 0x5A:
            return dialect.on_ready(body)
        return dialect.on_parameter(body)

    def bind_message(self, stream, length, out):
        buffer = stream.buffer
        found = peek_bind(buffer, 5, min(length, len(buffer)))
        if found is None and len(buffer) < length:
            return False
        answer = self.dialect.on_bind(*found) if found else None
        if answer is None:
            stream.passing = length
            return True
        out.append(answer)
        stream.dropping = length
        self.boundary(stream)
        return True

    def boundary(self, stream):
        if self._counters:
            if stream.from_client:
                self._counters.client_messages += 1
            else:
                self._counters.server_messages += 1
        if not self.world.faults.any:
            return
        if self.world.faults.boundary(self.database):
            raise Cut
        slow = self.world.faults.find("slow", self.database) if stream.from_client else None
        if slow:
            self.hold_until(asyncio.sleep(slow.seconds))

    def hold_until(self, awaitable):
        self._busy = True

        async def wait():
            try:
                await awaitable
            except OSError:
                self.end(None)
                return
            self._busy = False
            if not self.closed:
                self.pump(self.client)

        self.world.spawn(wait())

    # Before the first message.

    def first_packet(self, buffer):
        if len(buffer) < 8:
            return False
        length, code = struct.unpack_from("!II", buffer)
        if not 8 <= length <= 1 << 16:
            raise Cut
        if len(buffer) < length:
            return False
        body = bytes(memoryview(buffer)[8:length])
        packet = bytes(memoryview(buffer)[:length])
        del buffer[:length]
        if code == SSL_REQUEST and self.world.tls:
            self.hold_until(self.start_tls())
        elif code in (SSL_REQUEST, GSS_REQUEST):
            self.client.transport.write(b"N")
        elif code == CANCEL_REQUEST:
            self.hold_until(self.cancel(packet))
        else:
            self.begin(code, body)
        return True

    async def start_tls(self):
        transport = self.client.transport
        transport.pause_reading()
        self.secured = True
        transport.write(b"S")
        loop = asyncio.get_running_loop()
        self.client.transport = await loop.start_tls(transport, self.client, self.world.tls, server_side=True,
                                                     ssl_handshake_timeout=CONNECT_SECONDS_MAX)
        self.client.transport.set_write_buffer_limits(high=1 << 20)

    async def cancel(self, packet):
        _, writer = await asyncio.open_connection(*self.world.server)
        writer.write(packet)
        await writer.drain()
        writer.close()
        self.end(self.server)

    def begin(self, code, body):
        parameters = read_startup(body)
        self.database = parameters.get("database") or parameters.get("user", "")
        self._counters = self.world.stats.of(self.database)
        self._counters.connections += 1
        self._counters.client_messages += 1
        if self.world.faults.find("refuse", self.database) or self.world.faults.boundary(self.database):
            raise Cut
        hole = self.hole()
        if hole and not hole.hold:
            self._swallowed = True
        self.hold_until(self.reach_server(code, parameters))

    async def reach_server(self, code, parameters):
        if self.translated:
            await self.world.prepare(self.database)
        self.dialect = (Redshift if self.translated else Plain)(self.world, self.database)
        try:
            packet = startup({k.encode("latin-1"): v.encode("latin-1") for k, v in self.dialect.startup(parameters).items()})
        except ValueError as unknown:
            self.client.transport.write(error_of("42704", f'unrecognized configuration parameter "{unknown}"', severity="FATAL"))
            self.end(self.server)
            return
        await asyncio.wait_for(asyncio.get_running_loop().create_connection(lambda: self.server, *self.world.server), CONNECT_SECONDS_MAX)
        if self.closed:
            self.server.close(False)
            return
        self.server.transport.write(packet[:4] + struct.pack("!I", code) + packet[8:])
        self._started = True

