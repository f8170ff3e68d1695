"""What the proxy does with the messages it looks into: nothing but faults (Plain), or Redshift's dialect as well. One object a session.

A method gets a message's body and answers with the bytes to send on in its place; None: as it came; b"": nothing. It may raise Cut: the
connection ends here, this message unsent."""

import struct

from pg_wire import cstring, error, error_of, message, read_fields
from redshift_errors import CONFLICT_DETAIL, CONFLICT_MESSAGE, translate_error
from redshift_sql import SERVER_VERSION, SESSION_OPTIONS, refusing_text, translate
from redshift_words import OWN_SETTINGS, PARAMETERS_MAX, Refusal, beyond_the_stand_in, setting_of

NAMES_KEPT_MAX = 10_000
MARK = "redshift_refused_"
CONFLICT = Refusal("XX000", CONFLICT_MESSAGE, CONFLICT_DETAIL)
STARTUP_OWN = ("user", "database", "options", "replication")
DRIVERS_OWN = ("client_protocol_version", "driver_version", "os_version", "plugin_name")  # Redshift's drivers send these


class Cut(Exception):
    pass


class Plain:
    """PostgreSQL as it is; counts statements and fails on command."""

    translated = False

    def __init__(self, world, database):
        self.world = world
        self.database = database
        self.status = "I"  # of the transaction, as the server said last
        self._open = False  # a transaction is, where the statement at hand will run
        self._expected = []  # (tag, bytes to send instead) of CommandCompletes to come
        self._refusals = {}
        self._texts = {}  # of named statements

    def startup(self, parameters):
        return parameters

    def statements(self, sql):
        return translate(sql, True)

    def on_query(self, body):
        statements = self.statements(body[:-1])
        for statement in statements:
            self.world.stats.note(self.database, statement.original)
        texts, changed = [], False
        self._open = self.status == "T"
        for statement in statements:
            text, last = self.text_of(statement)
            self._open = {"begin": True, "commit": False, "rollback": False}.get(statement.kind, self._open)
            changed = changed or text != statement.original
            texts.append(text)
            if last:
                break
        return message(b"Q", ";\n".join(texts).encode("latin-1") + b"\0") if changed else None

    def text_of(self, statement):
        """What runs in its place, and whether what follows falls away."""
        refusal = self.refusal_of(statement)
        if refusal:
            return refusing_text(refusal).encode().decode("latin-1"), True
        if statement.kind == "commit":
            fault = self.world.faults.find("conflict", self.database)
            if fault:
                fault.strike()
                self._expected.append(("ROLLBACK", error_of(CONFLICT.sqlstate, CONFLICT.message, CONFLICT.detail)))
                return "ROLLBACK", True
            self.cut_before_commit()
        return self.translation_of(statement), False

    def translation_of(self, statement):
        return statement.original

    def refusal_of(self, statement):
        return self.told_refusal(statement.original)

    def told_refusal(self, text):
        fault = self.world.faults.error_for(text, self.database) if self.world.faults.any else None
        if not fault:
            return None
        fault.strike()
        return Refusal(fault.sqlstate, fault.message)

    def cut_before_commit(self):
        fault = self.world.faults.find("cut_before_commit", self.database)
        if fault:
            fault.strike()
            raise Cut

    def mark(self, refusal):
        """A text that is no SQL, so that the server fails; its error is then exchanged."""
        number = len(self._refusals) % NAMES_KEPT_MAX
        self._refusals[number] = refusal
        return f"{MARK}{number}"

    def on_parse(self, body):
        name, sql, types = split_parse(body)
        self._open = self.status == "T"
        statements = self.statements(sql)
        if name and len(self._texts) < NAMES_KEPT_MAX:
            self._texts[name] = statements
        if len(statements) != 1:
            return None
        refusal = self.refusal_of(statements[0]) or self.refusal_by_protocol(statements[0])
        if not refusal and statements[0].kind == "commit":
            self.cut_before_commit()
        text = self.mark(refusal) if refusal else self.text_of(statements[0])[0]
        self._texts[b""] = statements
        return None if text == statements[0].original else message(b"P", name + b"\0" + text.encode("latin-1") + b"\0" + types)

    def refusal_by_protocol(self, _statement):
        return None

    def on_bind(self, name, count):
        """Of a Bind only the statement's name and the number of parameters are known. Bytes: the Bind falls away for them."""
        for statement in self._texts.get(name, ()):
            self.world.stats.note(self.database, statement.original)
            if not name:
                continue  # looked into when it was parsed
            refusal = self.told_refusal(statement.original)
            if refusal:
                return message(b"P", b"\0" + self.mark(refusal).encode() + b"\0\0\0")
            if statement.kind == "commit":
                self.cut_before_commit()
        return self.check_parameters(count)

    def check_parameters(self, _count):
        return None

    def on_error(self, body):
        self._expected.clear()
        fields = read_fields(body)
        found = fields.get("M", "").partition(MARK)[2].rstrip('"')
        refusal = self._refusals.pop(int(found), None) if found.isdigit() else None
        if refusal:
            return error_of(refusal.sqlstate, refusal.message, refusal.detail)
        return self.other_error(fields)

    def other_error(self, _fields):
        return None

    def on_complete(self, body):
        tag = body[:-1].decode()
        if self._expected and self._expected[0][0] == tag:
            return self._expected.pop(0)[1]
        if tag == "COMMIT" and self.world.faults.any:
            fault = self.world.faults.find("cut_after_commit", self.database)
            if fault:
                fault.strike()
                raise Cut
        return None

    def on_ready(self, body):
        self.status = body.decode()

    def on_parameter(self, _body):
        return None


class Redshift(Plain):
    translated = True

    def __init__(self, world, database):
        super().__init__(world, database)
        self._case_sensitive = False

    def startup(self, parameters):
        """Raises ValueError with the name of a parameter that Redshift does not know."""
        kept = {name: value for name, value in parameters.items() if name not in DRIVERS_OWN}
        for name in kept:
            if name not in STARTUP_OWN and setting_of(name) is None:
                raise ValueError(name)
        options = []
        for name, value in read_options(kept.get("options", "")):
            if setting_of(name) is None:
                raise ValueError(name)
            options.append((setting_of(name), value))
        options = list(SESSION_OPTIONS.items()) + options
        kept["options"] = " ".join(f"-c {name}={escape_option(value)}" for name, value in options)
        return kept

    def statements(self, sql):
        return translate(sql, self._case_sensitive)

    def refusal_of(self, statement):
        if statement.refusal:
            return statement.refusal
        if statement.outside_transaction and self._open:
            return Refusal("25001", f"{statement.original[:60]} cannot run inside a transaction block")
        return self.told_refusal(statement.original)

    def translation_of(self, statement):
        if statement.kind == "set" and statement.setting and statement.setting[0] == "enable_case_sensitive_identifier":
            self._case_sensitive = statement.setting[1] in ("on", "true", "1")
        if statement.kind == "truncate" and self._open:
            self._expected.append(("COMMIT", b""))
            return statement.text + ";COMMIT"
        return statement.text

    def refusal_by_protocol(self, statement):
        if statement.kind == "truncate" and self._open:
            return beyond_the_stand_in("TRUNCATE within a transaction by the extended protocol")
        return None

    def check_parameters(self, count):
        if count <= PARAMETERS_MAX:
            return None
        refusal = Refusal("08P01", f"number of parameters ({count}) must be between 0 and {PARAMETERS_MAX}")
        return message(b"P", b"\0" + self.mark(refusal).encode() + b"\0\0\0")

    def other_error(self, fields):
        return error(translate_error(fields))

    def on_parameter(self, body):
        name, _, value = body[:-1].partition(b"\0")
        if name == b"server_version":
            return message(b"S", cstring(name) + cstring(SERVER_VERSION))
        known = name.decode().lower() in ("server_encoding", "session_authorization", "is_superuser", "integer_datetimes")
        return None if known or setting_of(name.decode()) and value else b""


def split_parse(body):
    first = body.index(b"\0")
    second = body.index(b"\0", first + 1)
    return body[:first], body[first + 1:second], body[second + 1:]


def read_options(text):
    """`-c name=value` and `--name=value` of libpq's `options`."""
    words = text.replace("\\ ", "\0").split()
    pairs, index = [], 0
    while index < len(words):
        word = words[index]
        if word == "-c" and index + 1 < len(words):
            index += 1
            word = words[index]
        else:
            word = word.removeprefix("-c").removeprefix("--")
        name, _, value = word.partition("=")
        pairs.append((name.replace("-", "_"), value.replace("\0", " ")))
        index += 1
    return pairs


def escape_option(value):
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def peek_bind(data, start, end):
    """(statement's name, number of parameters) of the Bind body that begins at `start`; None: more bytes are needed."""
    portal = data.find(b"\0", start, end)
    name = data.find(b"\0", portal + 1, end) if portal >= 0 else -1
    if name < 0 or name + 3 > end:
        return None
    formats = struct.unpack_from("!H", data, name + 1)[0]
    at = name + 3 + 2 * formats
    if at + 2 > end:
        return None
    return bytes(data[portal + 1:name]), struct.unpack_from("!H", data, at)[0]


assert all(setting_of(name) for name in OWN_SETTINGS)
