"""PostgreSQL's protocol 3.0: messages as bytes, and a small blocking client for tests and for the stand-in's own errands.

Source: PostgreSQL 15 manual, chapter 55. A message is one letter, then a 4-byte length that counts itself; the first one has no letter."""

import socket
import struct

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL_3 = 196608
CLIENT_SECONDS_MAX = 60


def message(letter, body=b""):
    return letter + struct.pack("!I", len(body) + 4) + body


def cstring(text):
    return (text.encode() if isinstance(text, str) else text) + b"\0"


def startup(parameters):
    body = struct.pack("!I", PROTOCOL_3) + b"".join(cstring(k) + cstring(v) for k, v in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def read_startup(body):
    """Of the bytes behind the protocol's number; names and values as bytes decoded latin-1."""
    words = body.rstrip(b"\0").split(b"\0")
    words += [b""] * (len(words) % 2)
    return {words[i].decode("latin-1"): words[i + 1].decode("latin-1") for i in range(0, len(words), 2)}


def read_fields(body):
    """Of an ErrorResponse or NoticeResponse."""
    fields = {}
    for piece in body.split(b"\0"):
        if piece:
            fields[chr(piece[0])] = piece[1:].decode("utf-8", "replace")
    return fields


def error(fields):
    return message(b"E", b"".join(letter.encode() + cstring(text.encode("utf-8", "replace")) for letter, text in fields.items()) + b"\0")


def error_of(sqlstate, text, detail=None, severity="ERROR"):
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": text}
    if detail:
        fields["D"] = detail
    return error(fields)


class WireError(Exception):
    """What the server answered, or that it is gone (`sqlstate` empty)."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('C', '')}: {fields.get('M', '')}")
        self.fields = fields
        self.sqlstate = fields.get("C", "")


class Reply:
    """All that came before ReadyForQuery."""

    def __init__(self):
        self.rows = []
        self.tags = []
        self.columns = []
        self.described = None  # the RowDescription itself
        self.error = None
        self.status = ""


def connect(host, port, seconds_max):
    """`host` beginning with a slash: the folder of a Unix socket."""
    if not host.startswith("/"):
        return socket.create_connection((host, port), seconds_max)
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(seconds_max)
    made.connect(f"{host}/.s.PGSQL.{port}")
    return made


class Client:
    """Trust authentication only. One thread. Every call raises WireError where the server refuses or the connection ends."""

    def __init__(self, host, port, user, database, options=None, seconds_max=CLIENT_SECONDS_MAX):
        self._socket = connect(host, port, seconds_max)
        self._buffer = b""
        self.parameters = {}
        self.key = (0, 0)  # process and secret, for a CancelRequest
        self._address = (host, port)
        self._seconds_max = seconds_max
        try:
            self.send(startup({"user": user, "database": database, "client_encoding": "UTF8", **(options or {})}))
            self.finish()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.send(message(b"X"))
        except (OSError, WireError):
            pass
        self._socket.close()

    def drop(self):
        """As if the client's machine died: no Terminate."""
        self._socket.close()

    def cancel(self):
        """Asks the server, over a connection of its own, to end what this one runs. Any thread."""
        with connect(*self._address, CLIENT_SECONDS_MAX) as other:
            other.sendall(struct.pack("!IIII", 16, CANCEL_REQUEST, *self.key))
            other.recv(1)  # the server closes once the signal is sent

    def wait_at_most(self, seconds):
        """For each read and write from now on: a test that waits for silence connects with time to spare first."""
        self._seconds_max = seconds
        self._socket.settimeout(seconds)

    def usable(self):
        """Whether an idle connection is still there."""
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) is None
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(self._seconds_max)

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError as failure:
            raise WireError({"M": f"connection lost: {failure}"}) from failure

    def read(self, count):
        while len(self._buffer) < count:
            try:
                piece = self._socket.recv(1 << 18)
            except OSError as failure:
                raise WireError({"M": f"connection lost: {failure}"}) from failure
            if not piece:
                raise WireError({"M": "connection lost: closed by the other side"})
            self._buffer += piece
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def read_message(self):
        head = self.read(5)
        return head[:1], self.read(struct.unpack("!I", head[1:])[0] - 4)

    def finish(self):
        """Reads up to ReadyForQuery; raises the first error."""
        reply = self.read_reply()
        if reply.error:
            raise WireError(reply.error)
        return reply

    def read_reply(self):
        reply = Reply()
        while True:
            letter, body = self.read_message()
            if letter == b"Z":
                reply.status = body.decode()
                return reply
            if letter == b"D":
                reply.rows.append(read_row(body))
            elif letter == b"C":
                reply.tags.append(body[:-1].decode())
            elif letter == b"T":
                reply.columns = read_columns(body)
                reply.described = body
            elif letter == b"S":
                name, value = body[:-1].split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif letter == b"K":
                self.key = struct.unpack("!II", body)
            elif letter == b"E":
                reply.error = reply.error or read_fields(body)
                if reply.error.get("S") == "FATAL":
                    raise WireError(reply.error)
            elif letter == b"R" and struct.unpack("!I", body[:4])[0] != 0:
                raise WireError({"M": "the server wants a password, which this client has not"})

    def query(self, sql):
        self.send(message(b"Q", cstring(sql)))
        return self.finish()

    def rows(self, sql):
        return self.query(sql).rows

    def attempt(self, sql):
        """Like query(), but gives the reply with its error."""
        self.send(message(b"Q", cstring(sql)))
        return self.read_reply()

    def prepare(self, name, sql):
        self.send(parse(name, sql) + message(b"S"))
        return self.finish()

    def execute(self, name, parameters):
        self.send(bind(name, parameters) + message(b"E", cstring("") + struct.pack("!I", 0)) + message(b"S"))
        return self.finish()


def parse(name, sql):
    return message(b"P", cstring(name) + cstring(sql) + struct.pack("!H", 0))


def bind(name, parameters):
    pieces = [cstring(""), cstring(name), struct.pack("!HH", 0, len(parameters))]
    for value in parameters:
        data = None if value is None else str(value).encode() if not isinstance(value, bytes) else value
        pieces.append(struct.pack("!i", -1) if data is None else struct.pack("!I", len(data)) + data)
    pieces.append(struct.pack("!H", 0))
    return message(b"B", b"".join(pieces))


def read_row(body):
    values, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        length = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        values.append(None if length < 0 else body[at:at + length].decode("utf-8", "replace"))
        at += max(length, 0)
    return tuple(values)


def read_columns(body):
    names, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode())
        at = end + 19
    return names
