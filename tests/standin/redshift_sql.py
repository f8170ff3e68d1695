"""Redshift's SQL as PostgreSQL takes it, and what Redshift refuses in its own words: translate(). No sockets; any thread.

    for statement in translate("CREATE TABLE t (a VARCHAR(10)) DISTKEY(a)"):
        statement.refusal or statement.text     # one of them

A database that the texts run in must have been prepared with redshift_catalog.sql, the session with SESSION_OPTIONS. Errors that the server
then gives go through redshift_errors.translate_error()."""

import threading
from collections import OrderedDict

from plain_insert import is_plain_insert
from redshift_ddl import Cursor, RefusedError, alter_table, create_table, nothing_for
from redshift_words import (LITERAL_BYTES_MAX, NO_SUCH_COMMANDS, NO_SUCH_OBJECTS, OWN_SETTINGS, SETTINGS_PREFIX, STATEMENT_BYTES_MAX,
                            Refusal, beyond_the_stand_in, depth_at, not_for_redshift, scan, setting_of, syntax_error, too_long_literal,
                            unknown_setting)
from sql_tokens import Edits, literal_value, longest_literal, quote_literal, split_statements, tokenise

SERVER_VERSION = "8.0.2"
# Snapshot isolation, taken at the first statement that reads or writes; backslashes escape; UTC. Joins by hash, as Redshift: PostgreSQL
# does not know how much a fresh stage holds, and may go through it once for each row.
SESSION_OPTIONS = {"enable_nestloop": "off", "default_transaction_isolation": "repeatable read", "standard_conforming_strings": "off",
                   "escape_string_warning": "off", "backslash_quote": "on", "TimeZone": "UTC", "extra_float_digits": "0",
                   **{SETTINGS_PREFIX + name: "off" for name in OWN_SETTINGS if name.startswith(("enable", "json", "parse"))}}
CACHE_ENTRIES_MAX = 512
CACHED_TEXT_BYTES_MAX = 256 * 1024


class Statement:
    """One statement. `text` and `original` are latin-1 (a character a byte)."""

    __slots__ = ("original", "text", "refusal", "kind", "outside_transaction", "setting")

    def __init__(self, original):
        self.original = original
        self.text = original
        self.refusal = None
        self.kind = "other"  # begin commit rollback truncate set insert select other
        self.outside_transaction = False  # Redshift refuses it within one
        self.setting = None  # (name, value) that a SET gives

    def refuse(self, refusal):
        self.refusal = Refusal(refusal.sqlstate, shown(refusal.message), refusal.detail)
        return self


def shown(text):
    """A piece of a statement in a message: characters again, not bytes."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


class Cache:
    def __init__(self):
        self._entries = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key):
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key, value):
        with self._lock:
            self._entries[key] = value
            while len(self._entries) > CACHE_ENTRIES_MAX:
                self._entries.popitem(last=False)


_cache = Cache()


def translate(sql, case_sensitive=False):
    """A list of Statement, in their order; empty for an empty text. `sql`: bytes, or str (taken as UTF-8)."""
    text = (sql if isinstance(sql, (bytes, bytearray, memoryview)) else sql.encode("utf-8", "surrogatepass"))
    text = bytes(text).decode("latin-1")
    if len(text) <= STATEMENT_BYTES_MAX and is_plain_insert(text, LITERAL_BYTES_MAX):
        return [plain_insert(text)]
    key = (text, case_sensitive) if len(text) <= CACHED_TEXT_BYTES_MAX else None
    found = _cache.get(key) if key else None
    if found is None:
        found = translate_text(text, case_sensitive)
        if key:
            _cache.put(key, found)
    return found


def plain_insert(text):
    statement = Statement(text)
    statement.kind = "insert"
    return statement


def translate_text(text, case_sensitive):
    if len(text) > STATEMENT_BYTES_MAX:
        complaint = f"Statement is too large. Statement Size: {len(text)} bytes. Maximum Allowed: {STATEMENT_BYTES_MAX} bytes"
        refusal = Refusal("54000", complaint)
        return [Statement(text[:200]).refuse(refusal)]
    return [translate_statement(text, tokens, case_sensitive) for tokens in split_statements(tokenise(text))]


def translate_statement(text, tokens, case_sensitive):
    start, end = tokens[0].start, tokens[-1].end
    statement = Statement(text[start:end])
    edits = Edits()
    if tokens[-1].kind == "bad":
        return Statement(text[start:])  # the server's lexer refuses it just as well
    refusal = check_literals(tokens) or scan(tokens, edits, case_sensitive)
    if refusal:
        return statement.refuse(refusal)
    handler = COMMANDS.get(tokens[0].low) if tokens[0].kind == "word" else None
    try:
        replaced = handler(statement, tokens, edits) if handler else None
    except RefusedError as error:
        return statement.refuse(error.refusal)
    except (IndexError, ValueError):
        return statement.refuse(syntax_error(tokens[-1]))
    statement.text = replaced if replaced is not None else edits.apply(text, start, end)
    return statement


def check_literals(tokens):
    for token in tokens:
        if token.kind == "values" and longest_literal(token) > LITERAL_BYTES_MAX:
            return too_long_literal()
    return None


def words_of(tokens, count=4):
    return [t.low if t.kind == "word" else "" for t in tokens[:count]] + [""] * count


def raise_refusal(refusal):
    raise RefusedError(refusal)


def on_begin(statement, tokens, edits):
    statement.kind = "begin"
    words = words_of(tokens, len(tokens))
    if words[0] == "start" and words[1] != "transaction":
        raise_refusal(syntax_error(tokens[-1]))
    if "isolation" in words:  # whatever level is named, Redshift gives a snapshot
        first = words.index("isolation")
        last = first + (3 if words[first + 2] in ("read", "repeatable") else 2)
        edits.drop(tokens[first], tokens[min(last, len(tokens) - 1)])


def on_commit(statement, tokens, _edits):
    statement.kind = "commit"
    if len(tokens) > 2 or len(tokens) == 2 and not tokens[1].is_word("work", "transaction"):
        raise_refusal(syntax_error(tokens[1]))


def on_rollback(statement, tokens, _edits):
    statement.kind = "rollback"
    if len(tokens) > 2 or len(tokens) == 2 and not tokens[1].is_word("work", "transaction"):
        raise_refusal(syntax_error(tokens[1]))


def on_insert(statement, tokens, _edits):
    statement.kind = "insert"
    values = next((i for i, t in enumerate(tokens) if t.is_word("values") and depth_at(tokens, i) == 0), None)
    if values is not None and any(t.is_word("select", "with") for t in tokens[values:]):
        raise_refusal(Refusal("0A000", "Subqueries are not supported in the VALUES list of INSERT"))
    for token in tokens[2:8]:
        if token.kind == "(" or token.is_word("select", "values", "with"):
            break
        if token.is_word("as", "overriding"):
            raise_refusal(syntax_error(token))


def on_with(statement, tokens, _edits):
    statement.kind = "select"
    for token in tokens:
        if token.is_word("insert", "update", "delete", "merge"):
            raise_refusal(syntax_error(token))


def on_select(statement, _tokens, _edits):
    statement.kind = "select"


def on_prepare(_statement, tokens, edits):
    if tokens[1].is_word("transaction"):
        raise_refusal(syntax_error(tokens[1]))
    inner = next((i + 1 for i, t in enumerate(tokens) if t.is_word("as")), None)
    if inner is not None and tokens[inner].is_word("insert"):
        on_insert(Statement(""), tokens[inner:], edits)


def on_merge(_statement, tokens, _edits):
    words = words_of(tokens, len(tokens))
    text = " ".join(words)
    if "remove duplicates" in text:
        raise_refusal(beyond_the_stand_in("MERGE ... REMOVE DUPLICATES"))
    source = tokens[words.index("using") + 1] if "using" in words else tokens[-1]
    if source.kind == "(" or "when matched" not in text or "when not matched" not in text or "do nothing" in text:
        raise_refusal(syntax_error(source if source.kind == "(" else tokens[-1]))


def on_copy(_statement, tokens, _edits):
    words = words_of(tokens, len(tokens))
    if "to" in words and depth_at(tokens, words.index("to")) == 0:
        raise_refusal(syntax_error(tokens[words.index("to")]))
    if "from" not in words:
        raise_refusal(syntax_error(tokens[-1]))
    source = tokens[min(words.index("from") + 1, len(tokens) - 1)]
    if source.kind != "string":
        raise_refusal(Refusal("0A000", "LOAD source is not supported. (Hint: only S3 or DynamoDB or EMR based load is allowed)"))
    raise_refusal(beyond_the_stand_in("COPY from S3"))


def on_set(statement, tokens, edits):
    statement.kind = "set"
    at = 2 if tokens[1].is_word("local", "session") and len(tokens) > 2 else 1
    token = tokens[at]
    if token.is_word("transaction", "authorization", "time", "characteristics", "names", "role"):
        if token.is_word("transaction", "characteristics"):
            drop_isolation(tokens, edits)
        return None
    name = token.name() or ""
    target = setting_of(name)
    if target is None:
        raise_refusal(unknown_setting(name))
    if target != token.text:
        edits.replace(token.start, token.end, target)
    value = tokens[at + 2] if len(tokens) > at + 2 else None
    if value is not None:
        statement.setting = (name.lower(), literal_value(value) if value.kind == "string" else value.low)
    return None


def drop_isolation(tokens, _edits):
    words = words_of(tokens, len(tokens))
    if "isolation" in words and not any(w in ("serializable", "snapshot", "repeatable", "read", "uncommitted") for w in words):
        raise_refusal(syntax_error(tokens[-1]))


def on_show(_statement, tokens, edits):
    token = tokens[1]
    if token.is_word("server_version", "server_version_num", "standard_conforming_strings"):
        raise_refusal(unknown_setting(token.low))
    if token.is_word("all", "transaction", "session", "time") or len(tokens) > 2:
        return None
    target = setting_of(token.name() or "")
    if target is None:
        raise_refusal(unknown_setting(token.name()))
    edits.replace(token.start, token.end, target)
    return None


def on_lock(_statement, tokens, _edits):
    for token in tokens:
        if token.is_word("in", "nowait", "only"):
            raise_refusal(syntax_error(token))


def on_truncate(statement, tokens, _edits):
    statement.kind = "truncate"
    for token in tokens[1:]:
        if token.kind == "," or token.is_word("cascade", "restart", "restrict", "continue", "only"):
            raise_refusal(syntax_error(token))


def on_create(statement, tokens, edits):
    cursor = Cursor(tokens)
    cursor.take()
    if cursor.skip("or"):
        cursor.take()
    if cursor.skip("local"):
        pass
    if cursor.skip("temp") or cursor.skip("temporary") or cursor.skip("table"):
        if not tokens[cursor.at - 1].is_word("table") and not cursor.skip("table"):
            raise_refusal(not_for_redshift(statement.original))
        table = create_table(cursor, edits)
        if table.comment():
            edits.replace(tokens[0].start, tokens[0].start, table.comment())
        return
    if words_of(tokens[-4:])[:4] == ["with", "no", "schema", "binding"]:
        edits.drop(tokens[-4], tokens[-1])
    following = cursor.peek()
    if following is not None and following.is_word(*NO_SUCH_OBJECTS):
        raise_refusal(not_for_redshift(statement.original))
    if following is not None and following.is_word("external", "library", "datashare", "model"):
        raise_refusal(beyond_the_stand_in("CREATE " + following.text.upper()))


def on_alter(statement, tokens, edits):
    if not tokens[1].is_word("table"):
        if tokens[1].is_word(*NO_SUCH_OBJECTS):
            raise_refusal(not_for_redshift(statement.original))
        return None
    cursor = Cursor(tokens)
    cursor.skip("alter", "table")
    table, what = alter_table(cursor, edits)
    statement.outside_transaction = what == "outside"
    if what == "nothing":
        return table.comment() + nothing_for(tokens)
    if table.comment():
        edits.replace(tokens[0].start, tokens[0].start, table.comment())
    return None


def on_drop(statement, tokens, _edits):
    if tokens[1].is_word(*NO_SUCH_OBJECTS):
        raise_refusal(not_for_redshift(statement.original))


def on_vacuum(statement, tokens, _edits):
    statement.outside_transaction = True
    cursor = Cursor(tokens[1:])
    while cursor.peek() is not None and cursor.peek().is_word("full", "sort", "delete", "only", "reindex", "recluster"):
        cursor.take()
    start = cursor.at
    if cursor.peek() is None:
        return "VACUUM"
    cursor.qualified_name()
    return "VACUUM " + "".join(t.text for t in cursor.tokens[start:cursor.at])


def on_no_such(statement, _tokens, _edits):
    raise_refusal(not_for_redshift(statement.original))


def on_beyond(_statement, tokens, _edits):
    raise_refusal(beyond_the_stand_in(tokens[0].text.upper()))


def on_values(_statement, tokens, _edits):
    raise_refusal(syntax_error(tokens[0]))


COMMANDS = {"begin": on_begin, "start": on_begin, "commit": on_commit, "end": on_commit, "rollback": on_rollback, "abort": on_rollback,
            "insert": on_insert, "with": on_with, "select": on_select, "prepare": on_prepare, "merge": on_merge, "copy": on_copy,
            "set": on_set, "reset": on_show, "show": on_show, "lock": on_lock, "truncate": on_truncate, "create": on_create,
            "alter": on_alter, "drop": on_drop,
            "vacuum": on_vacuum, "unload": on_beyond, "values": on_values, **{word: on_no_such for word in NO_SUCH_COMMANDS}}


def refusing_text(refusal):
    """A statement that the server refuses so when it is run: for the simple protocol, where each statement fails at its place."""
    parts = [("ERRCODE", refusal.sqlstate), ("MESSAGE", refusal.message), ("DETAIL", refusal.detail or " ")]
    listed = ", ".join(f"{name} = E{quote_literal(text)}" for name, text in parts)
    return f"DO $redshift$BEGIN RAISE EXCEPTION USING {listed.replace('$redshift$', '')}; END$redshift$"
