"""Rows as GetStatementResult gives them: Result. Pure; any thread."""

import struct

# PostgreSQL's type numbers -> the names that Redshift shows; others are shown by what they are to a client: text.
TYPE_NAMES = {16: "bool", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid", 700: "float4", 701: "float8", 1042: "bpchar",
              1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz", 1700: "numeric", 3802: "super",
              19: "name", 705: "unknown"}
LONGS = frozenset((20, 21, 23, 26))
DOUBLES = frozenset((700, 701))
PRECISIONS = {16: 1, 20: 19, 21: 5, 23: 10, 700: 8, 701: 17, 1082: 13, 1114: 29, 1184: 35}
STRING_PRECISION = 2147483647


class Column:
    __slots__ = ("name", "type", "modifier")

    def __init__(self, name, kind, modifier):
        self.name = name
        self.type = kind
        self.modifier = modifier

    def precision(self):
        if self.type == 1700:
            return (self.modifier - 4 >> 16) & 0xffff if self.modifier >= 4 else 38
        if self.type in (1042, 1043) and self.modifier >= 4:
            return self.modifier - 4
        return PRECISIONS.get(self.type, STRING_PRECISION)

    def describe(self):
        number = self.type in LONGS or self.type in DOUBLES or self.type == 1700
        return {"isCaseSensitive": not number and self.type != 16, "isCurrency": False, "isSigned": number, "label": self.name, "length": 0,
                "name": self.name, "nullable": 1, "precision": self.precision(),
                "scale": self.modifier - 4 & 0xffff if self.type == 1700 and self.modifier >= 4 else 0, "schemaName": "", "tableName": "",
                "typeName": TYPE_NAMES.get(self.type, "varchar")}


class Result:
    """`described`: a RowDescription's body; `rows`: tuples of text and None."""

    def __init__(self, described, rows):
        self.columns = read_columns(described)
        self.rows = rows
        self.size = sum(len(value) for row in rows for value in row if value is not None)

    def page(self, begin, count):
        kinds = [column.type for column in self.columns]
        return [[field(kind, value) for kind, value in zip(kinds, row)] for row in self.rows[begin:begin + count]]

    def metadata(self):
        return [column.describe() for column in self.columns]


def read_columns(body):
    columns, at = [], 2
    for _ in range(struct.unpack_from("!H", body)[0]):
        end = body.index(b"\0", at)
        _, _, kind, _, modifier, _ = struct.unpack_from("!IHIhih", body, end + 1)
        columns.append(Column(body[at:end].decode(), kind, modifier))
        at = end + 19
    return columns


def field(kind, value):
    if value is None:
        return {"isNull": True}
    if kind in LONGS:
        return {"longValue": int(value)}
    if kind in DOUBLES:
        return {"doubleValue": float(value)}
    if kind == 16:
        return {"booleanValue": value == "t"}
    return {"stringValue": value}
