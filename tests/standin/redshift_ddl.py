"""CREATE TABLE and ALTER TABLE of Redshift as PostgreSQL takes them. Pure, any thread.

Keys, encodings and styles are taken out and ride along in a comment, which an event trigger of redshift_catalog.sql reads."""

import json

from redshift_words import UNKNOWN_TYPES, UNSUPPORTED_TYPES, Refusal, beyond_the_stand_in, syntax_error
from sql_tokens import quote_name

VARCHAR_BYTES_MAX = 65535
CHAR_BYTES_MAX = 4096
DECIMAL_DIGITS_MAX = 38
VARCHAR_DEFAULT = 256
VARCHAR_WORDS = ("varchar", "nvarchar", "text")
CHAR_WORDS = ("char", "character", "nchar", "bpchar")


class RefusedError(Exception):
    def __init__(self, refusal):
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(token):
    raise RefusedError(syntax_error(token))


class Cursor:
    """Walks over a statement's tokens."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0

    def peek(self, ahead=0):
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def take(self):
        token = self.peek()
        if token is None:
            raise RefusedError(Refusal("42601", "syntax error at end of input"))
        self.at += 1
        return token

    def skip(self, *words):
        """Takes these words if they are next, all or none."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token is None or not token.is_word(word):
                return False
        self.at += len(words)
        return True

    def next_is(self, kind):
        token = self.peek()
        return token is not None and token.kind == kind

    def group(self):
        """The tokens between a "(" that is next and its ")"."""
        if not self.next_is("("):
            refuse(self.take())
        start, depth = self.at + 1, 0
        while True:
            token = self.take()
            depth += (token.kind == "(") - (token.kind == ")")
            if depth == 0:
                return self.tokens[start:self.at - 1]

    def qualified_name(self):
        """Returns the last part, folded."""
        name = self.take().name()
        while self.next_is("."):
            self.take()
            name = self.take().name()
        return (name or "").lower()


def split_items(tokens):
    items, current, depth = [], [], 0
    for token in tokens:
        depth += (token.kind == "(") - (token.kind == ")")
        if token.kind == "," and depth == 0:
            items.append(current)
            current = []
        else:
            current.append(token)
    items.append(current)
    return items


def names_in(tokens):
    return [t.name().lower() for t in tokens if t.name() is not None]


class Table:
    """What one CREATE or ALTER TABLE says beyond PostgreSQL."""

    def __init__(self, name):
        self.name = name
        self.attributes = {}
        self.not_null = set()  # by PRIMARY KEY, which is not enforced otherwise

    def comment(self):
        if not self.attributes:
            return ""
        return "/*redshift:" + json.dumps({"table": self.name, **self.attributes}).encode().hex() + "*/ "

    def encode(self, column, encoding):
        self.attributes.setdefault("encodings", {})[column] = "none" if encoding == "raw" else encoding


def read_width(cursor, word, default, width_max):
    if not cursor.next_is("("):
        return default
    inside = cursor.group()
    if len(inside) != 1 or not (inside[0].kind == "number" or inside[0].is_word("max")):
        refuse(inside[0] if inside else cursor.tokens[cursor.at - 1])
    width = width_max if inside[0].is_word("max") else int(float(inside[0].text))
    if not 1 <= width <= width_max:
        raise RefusedError(Refusal("22023", f"length for type {word} cannot exceed {width_max}" if width > width_max
                                   else f"length for type {word} must be at least 1"))
    return width


def read_decimal(cursor):
    digits = [int(t.text) for t in cursor.group() if t.kind == "number"] if cursor.next_is("(") else [18, 0]
    precision, scale = digits[0], digits[1] if len(digits) > 1 else 0
    if not 1 <= precision <= DECIMAL_DIGITS_MAX or scale > precision:
        raise RefusedError(Refusal("22023", f"DECIMAL precision {precision} must be between 1 and {DECIMAL_DIGITS_MAX}"))
    return f"numeric({precision},{scale})"


def read_type(cursor, table, column):
    """PostgreSQL's text for the type that is next, or None to leave it as it stands."""
    token = cursor.take()
    word = token.low if token.kind == "word" else ""
    text = None
    if word in VARCHAR_WORDS or word in ("character", "char", "nchar") and cursor.skip("varying"):
        width = VARCHAR_DEFAULT if word == "text" else read_width(cursor, "varchar", VARCHAR_DEFAULT, VARCHAR_BYTES_MAX)
        text = f"varchar({width})"
    elif word in CHAR_WORDS:
        width = VARCHAR_DEFAULT if word == "bpchar" else read_width(cursor, "char", 1, CHAR_BYTES_MAX)
        text = f"char({width})"
    elif word == "super":
        text = "redshift.super"
    elif word in ("decimal", "numeric"):
        text = read_decimal(cursor)
    elif word in ("varbyte", "varbinary"):
        text = "bytea"
        read_width(cursor, "varbyte", 64000, 16_777_216)
    elif word in UNKNOWN_TYPES:
        raise RefusedError(Refusal("42704", f'type "{word}" does not exist'))
    if cursor.next_is("[") or cursor.peek() is not None and cursor.peek().is_word("array"):
        raise RefusedError(Refusal("0A000", f'Column "{table.name}.{column}" has unsupported type "{word}[]".'))
    if word in UNSUPPORTED_TYPES:
        raise RefusedError(Refusal("0A000", f'Column "{table.name}.{column}" has unsupported type "{word}".'))
    return token, text


def read_identity(cursor, first, edits):
    inside = [t.text for t in cursor.group() if t.kind == "number"]
    start, step = (inside + ["1", "1"])[:2]
    text = f"GENERATED BY DEFAULT AS IDENTITY (MINVALUE 0 START WITH {start} INCREMENT BY {step})"
    edits.replace(first.start, cursor.tokens[cursor.at - 1].end, text)


def read_references(cursor, first, edits):
    cursor.qualified_name()
    if cursor.next_is("("):
        cursor.group()
    edits.drop(first, cursor.tokens[cursor.at - 1])


def read_column_constraint(cursor, first, table, column, edits):
    """UNIQUE, PRIMARY KEY, REFERENCES: informational. NOT NULL of a primary key stays and is enforced."""
    if first.is_word("primary"):
        if not cursor.skip("key"):
            refuse(cursor.take())
        table.not_null.add(column)
        edits.drop(first, cursor.tokens[cursor.at - 1])
    elif first.is_word("unique"):
        edits.drop(first, first)
    else:
        read_references(cursor, first, edits)


def read_attribute(cursor, table, column, edits):
    first = cursor.take()
    if first.is_word("encode"):
        table.encode(column, cursor.take().low)
        edits.drop(first, cursor.tokens[cursor.at - 1])
    elif first.is_word("distkey"):
        table.attributes.update({"distkey": column, "diststyle": "KEY"})
        edits.drop(first, first)
    elif first.is_word("sortkey"):
        table.attributes["sortkey"] = [column]
        edits.drop(first, first)
    elif first.is_word("primary", "unique", "references"):
        read_column_constraint(cursor, first, table, column, edits)
    elif first.is_word("collate"):
        cursor.take()
        edits.drop(first, cursor.tokens[cursor.at - 1])
    elif first.is_word("identity"):
        read_identity(cursor, first, edits)
    elif first.is_word("generated"):
        if not cursor.skip("by", "default", "as", "identity") or not cursor.next_is("("):
            refuse(cursor.peek() or first)
        read_identity(cursor, first, edits)
    elif first.is_word("check", "constraint"):
        raise RefusedError(Refusal("0A000", "ALTER/CREATE TABLE column CHECK constraint is not supported"))


def read_column(item, table, edits):
    cursor = Cursor(item)
    column = (cursor.take().name() or "").lower()
    if cursor.peek() is None:  # only a name: CREATE TABLE ... AS
        return column
    type_token, text = read_type(cursor, table, column)
    if text:
        edits.replace(type_token.start, cursor.tokens[cursor.at - 1].end, text)
    while cursor.peek() is not None:
        read_attribute(cursor, table, column, edits)
    return column


def is_table_constraint(item, table):
    cursor = Cursor(item)
    if cursor.skip("constraint"):
        cursor.take()
    if cursor.skip("primary", "key"):
        table.not_null.update(names_in(cursor.group()))
        return True
    if cursor.peek() is not None and cursor.peek().is_word("check", "exclude"):
        raise RefusedError(Refusal("0A000", "ALTER/CREATE TABLE CHECK constraint is not supported"))
    return cursor.skip("unique") or cursor.skip("foreign", "key")


def read_columns(cursor, table, edits):
    """Edits the list of columns; the pieces that stay are parted by single commas."""
    kept = []
    for item in split_items(cursor.group()):
        if not item:
            refuse(cursor.tokens[cursor.at - 1])
        if item[0].is_word("like"):
            kept.append((item, None))
        elif is_table_constraint(item, table):
            kept.append((item, ""))
        else:
            kept.append((item, read_column(item, table, edits)))
    separator_due = False
    for item, column in kept:
        if column == "":
            edits.drop(item[0], item[-1])
            continue
        if separator_due:
            edits.replace(item[0].start, item[0].start, ", ")
        separator_due = True
        if column in table.not_null:
            edits.replace(item[-1].end, item[-1].end, " NOT NULL")


def drop_commas(tokens, edits):
    depth = 0
    for token in tokens:
        depth += (token.kind == "(") - (token.kind == ")")
        if token.kind == "," and depth == 1:
            edits.drop(token, token)


def read_table_attribute(cursor, table):
    first = cursor.take()
    if first.is_word("diststyle"):
        table.attributes["diststyle"] = cursor.take().low.upper()
    elif first.is_word("distkey"):
        table.attributes.update({"distkey": names_in(cursor.group())[0], "diststyle": "KEY"})
    elif first.is_word("compound", "interleaved", "sortkey"):
        if not first.is_word("sortkey") and not cursor.skip("sortkey"):
            refuse(cursor.take())
        if not cursor.skip("auto"):
            table.attributes["sortkey"] = names_in(cursor.group())
    elif first.is_word("backup", "encode"):
        cursor.take()
    else:
        refuse(first)


def create_table(cursor, edits):
    """The cursor stands behind the word TABLE. Gives the Table and whether a query follows (AS)."""
    cursor.skip("if", "not", "exists")
    table = Table(cursor.qualified_name())
    if cursor.next_is("("):
        start = cursor.at
        read_columns(cursor, table, edits)
        drop_commas(cursor.tokens[start:cursor.at], edits)
    while cursor.peek() is not None and not cursor.peek().is_word("as"):
        first = cursor.peek()
        read_table_attribute(cursor, table)
        edits.drop(first, cursor.tokens[cursor.at - 1])
    return table


def add_column(cursor, table, edits):
    cursor.skip("column")
    if cursor.peek() is not None and cursor.peek().is_word("if"):
        refuse(cursor.peek(1) or cursor.peek())
    item = cursor.tokens[cursor.at:]
    if len(split_items(item)) > 1:
        refuse(next(t for t in item if t.kind == ","))
    column = read_column(item, table, edits)
    words = [t.low for t in item if t.kind == "word"]
    if any(a == "not" and b == "null" for a, b in zip(words, words[1:])) and "default" not in words:
        raise RefusedError(Refusal("0A000", "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression"))
    table.not_null.discard(column)


def alter_column(cursor, table, edits):
    cursor.skip("column")
    column = (cursor.take().name() or "").lower()
    if cursor.skip("type"):
        token, text = read_type(cursor, table, column)
        if not text or "varchar" not in text:
            raise RefusedError(Refusal("0A000", f'cannot alter type of a column used with anything but VARCHAR: "{column}"'))
        if cursor.peek() is not None:
            refuse(cursor.peek())
        edits.replace(token.start, cursor.tokens[cursor.at - 1].end, text)
        return "outside"
    if cursor.skip("encode"):
        table.encode(column, cursor.take().low)
        return "nothing"
    raise RefusedError(Refusal("0A000", "ALTER COLUMN SET/DROP NOT NULL or DEFAULT is not supported"))


def alter_table(cursor, edits):
    """The cursor stands behind ALTER TABLE. Gives the Table and: "" (run it), "outside" (not in a transaction) or "nothing"
    (no such thing in PostgreSQL; the statement only leaves its comment)."""
    if cursor.peek() is not None and cursor.peek().is_word("if", "only"):
        refuse(cursor.peek())
    table = Table(cursor.qualified_name())
    if cursor.skip("add"):
        if cursor.peek() is not None and cursor.peek().is_word("constraint", "primary", "unique", "foreign", "check", "exclude"):
            is_table_constraint(cursor.tokens[cursor.at:], table)
            return table, "nothing"
        add_column(cursor, table, edits)
        return table, ""
    if cursor.skip("alter"):
        following = cursor.peek()
        if following is not None and following.is_word("distkey", "sortkey", "diststyle", "compound", "interleaved", "encode"):
            if following.is_word("distkey"):
                cursor.take()
                table.attributes.update({"distkey": cursor.qualified_name(), "diststyle": "KEY"})
            else:
                read_table_attribute(cursor, table)
            return table, "nothing"
        return table, alter_column(cursor, table, edits)
    if cursor.skip("drop", "constraint"):
        return table, "nothing"
    if cursor.skip("append"):
        raise RefusedError(beyond_the_stand_in("ALTER TABLE APPEND"))
    if cursor.peek() is not None and not cursor.peek().is_word("drop", "rename", "owner", "set"):
        refuse(cursor.peek())
    if cursor.skip("drop") and cursor.skip("column", "if"):
        refuse(cursor.peek() or cursor.tokens[-1])
    return table, ""


def nothing_for(tokens):
    """A statement with ALTER TABLE's tag and no effect but that the table must be there."""
    cursor = Cursor(tokens)
    cursor.skip("alter", "table")
    start = cursor.at
    cursor.qualified_name()
    parts = [t.text if t.kind == "." else quote_name((t.name() or "").lower()) for t in tokens[start:cursor.at]]
    return "ALTER TABLE " + "".join(parts) + " SET WITHOUT CLUSTER"
