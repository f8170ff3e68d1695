#!/usr/bin/env python3
"""Writes the golden vectors of identity version 1: `tools/identity_vectors.py > src/event/identity_vectors.def`.

A second implementation of docs/formats/identity.md that shares nothing with the C++ one (Python's json, int and
hashlib), so that the C++ is not its own judge. The file it wrote is frozen: vectors may be added at the end, none may
change, and a change of the rules gets its own version, script and file. With --check FILE it says whether FILE's
vectors are what it would write.
"""
import hashlib
import json
import re
import sys

NESTING_MAX = 256
sys.setrecursionlimit(100_000)
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)


class Number(str):
    """A number as spelt."""


def depth_of(text):
    depth = deepest = 0
    in_string = escaped = False
    for c in text:
        if in_string:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                in_string = False
        elif c == '"':
            in_string = True
        elif c in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif c in "}]":
            depth -= 1
    return deepest


def number(text):
    sign, whole, fraction, exponent = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", text).groups()
    digits = int(whole + (fraction or ""))
    power = int(exponent or "0") - len(fraction or "")
    if digits == 0:
        return b"n0;"
    while digits % 10 == 0:
        digits //= 10
        power += 1
    return f"n{sign}{digits}e{power};".encode()


def string(text):
    data = text.encode("utf-8", "surrogatepass")
    return b"s%d:%s" % (len(data), data)


def value(v):
    if v is None:
        return b"z"
    if v is True:
        return b"t"
    if v is False:
        return b"f"
    if isinstance(v, Number):
        return number(v)
    if isinstance(v, str):
        return string(v)
    if isinstance(v, list):
        return b"a%d:" % len(v) + b"".join(value(item) for item in v)
    members = sorted(v, key=lambda member: member[0].encode("utf-8", "surrogatepass"))
    return b"o%d:" % len(members) + b"".join(string(key) + value(item) for key, item in members)


def preimage(text):
    """What is hashed. `text` is bytes."""
    try:
        decoded = text.decode("utf-8")
        if depth_of(decoded) <= NESTING_MAX:
            tree = json.loads(
                decoded,
                object_pairs_hook=lambda pairs: tuple(pairs),
                parse_int=Number,
                parse_float=Number,
                parse_constant=lambda name: 1 / 0,
            )
            if isinstance(tree, tuple):
                return b"twinshift:1\n" + value(tree)
    except (UnicodeDecodeError, json.JSONDecodeError, ZeroDivisionError):
        pass
    return b"twinshift:1:raw\n" + text


def identity(text):
    digest = hashlib.sha256(preimage(text)).digest()
    return digest[:16].hex(), int.from_bytes(digest[:8], "big") >> 2


# Each vector: a name, then pieces of text; a piece may be (text, times).
VECTORS = [
    ("empty object", "{}"),
    ("empty object with white space", " \t\r\n{ \n } "),
    ("one text", '{"a":"b"}'),
    ("every kind", '{"n":null,"t":true,"f":false,"i":7,"s":"x","o":{},"a":[]}'),
    ("every kind, another order and white space",
     '{ "a" : [ ] , "o" : { } , "s" : "x" , "i" : 7.0 ,', ' "f" : false , "t" : true , "n" : null }'),
    ("1", '{"a":1}'),
    ("1.0", '{"a":1.0}'),
    ("1e0", '{"a":1e0}'),
    ("10e-1", '{"a":10e-1}'),
    ("0.1E+1", '{"a":0.1E+1}'),
    ("text 1", '{"a":"1"}'),
    ("0", '{"a":0}'),
    ("-0", '{"a":-0}'),
    ("0.0e999", '{"a":0.0e999}'),
    ("-1.50", '{"a":-1.50}'),
    ("100", '{"a":100}'),
    ("9007199254740992", '{"a":9007199254740992}'),
    ("9007199254740993", '{"a":9007199254740993}'),
    ("18446744073709551616", '{"a":18446744073709551616}'),
    ("1e999", '{"a":1e999}'),
    ("1e-999", '{"a":1e-999}'),
    ("300 digits", '{"a":', ("123", 100), "}"),
    ("300 digits, the last one more", '{"a":', ("123", 99), "124}"),
    ("300 digits of fraction", '{"a":0.', ("0", 299), "7}"),
    ("300 digits of exponent", '{"a":1e', ("9", 300), "}"),
    ("300 digits of exponent, carried", '{"a":10e', ("9", 300), "}"),
    ("300 digits of negative exponent, borrowed", '{"a":-10e-1', ("0", 299), "}"),
    ("300 digits of exponent with leading zeros", '{"a":1e+', ("0", 500), ("9", 300), "}"),
    ("exponent of 17 digits", '{"a":1.5e99999999999999999}'),
    ("exponent of 18 digits", '{"a":1.5e100000000000000000}'),
    ("the same exponent by way of 17 digits", '{"a":150e99999999999999998}'),
    ("duplicate keys", '{"a":1,"a":2}'),
    ("duplicate keys, the other order", '{"a":2,"a":1}'),
    ("duplicate keys apart", '{"a":1,"b":0,"\\u0061":2}'),
    ("duplicate keys nested", '{"x":{"a":1,"a":2}}'),
    ("prefix keys", '{"":0,"event":1,"event_name":2,"event_na":3,"event_name_long":4,"event_name\\u0000":5}'),
    ("prefix keys, reversed", '{"event_name\\u0000":5,"event_name_long":4,"event_na":3,"event_name":2,"event":1,"":0}'),
    ("keys beyond ASCII", '{"é":1,"z":2,"\U0001F600":3,"\uFFFD":4,"e\u0301":5}'),
    ("lone high surrogate", '{"a":"\\ud800"}'),
    ("lone low surrogate", '{"a":"x\\udc00y"}'),
    ("surrogates in the wrong order", '{"a":"\\ude00\\ud83d"}'),
    ("high, high, low", '{"a":"\\ud83d\\ud83d\\ude00"}'),
    ("lone surrogate as key", '{"\\ud800":1,"\\ue000":2}'),
    ("pair of escapes", '{"a":"\\ud83d\\uDE00"}'),
    ("the same character raw", '{"a":"\U0001F600"}'),
    ("NUL", '{"a":"\\u0000"}'),
    ("NUL as key", '{"a\\u0000":1}'),
    ("composed", '{"a":"\u00E9"}'),
    ("composed, escaped", '{"a":"\\u00e9"}'),
    ("decomposed", '{"a":"e\u0301"}'),
    ("all short escapes", '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t"}'),
    ("the same by \\u", '{"a":"\\u0022\\u005C\\u002f\\u0008\\u000C\\u000a\\u000D\\u0009"}'),
    ("looks like an encoding", '{"a":"s1:b","s1:a":"n1e0;"}'),
    ("nested", '{"b":[1,[2,{"d":[],"c":{}}],"x"],"a":{"b":{"a":[null,true]}}}'),
    ("nested 256 deep", '{"a":', ("[", 255), ("]", 255), "}"),
    ("nested 257 deep", '{"a":', ("[", 256), ("]", 256), "}"),
    ("nested 257 deep with white space", ' {"a":', ("[", 256), ("]", 256), "}"),
    ("nested 10,000 deep", '{"a":', ("[", 9999), ("]", 9999), "}"),
    ("objects nested 10,000 deep", ('{"a":', 9999), "{}", ("}", 9999)),
    ("70 KB text", '{"a":"', ("abcdefg", 10000), '"}'),
    ("cut off", '{"a":1'),
    ("no JSON", "{a:1}"),
    ("not even an object", "[1]"),
    ("an event", '{"appsflyer_id":"1700000000000-1234567890123456789","event_name":"af_purchase",',
     '"event_time":"2024-01-01 12:00:00.000",',
     '"event_value":"{\\"af_revenue\\":\\"9.99\\",\\"af_currency\\":\\"USD\\"}",',
     '"event_revenue":9.990,"city":"São Paulo","wifi":true,"idfa":null}'),
    ("the same event, another sender",
     '{"wifi":true,"idfa":null,"city":"S\\u00e3o Paulo","event_revenue":999e-2,',
     '"event_value":"{\\u0022af_revenue\\u0022:\\u00229.99\\u0022,',
     '\\u0022af_currency\\u0022:\\u0022USD\\u0022}",',
     '"event_time":"2024-01-01 12:00:00.000","event_name":"af_purchase",',
     '"appsflyer_id":"1700000000000-1234567890123456789"}'),
]


def literal(text):
    out = ""
    for byte in text.encode("utf-8"):
        c = chr(byte)
        if c in '"\\':
            out += "\\" + c
        elif 0x20 <= byte < 0x7F:
            out += c
        else:
            out += f"\\{byte:03o}"
    return f'"{out}"'


def lines():
    yield "// Golden vectors of identity version 1, frozen. Written by tools/identity_vectors.py, which says how."
    yield "// VECTOR(name, text, id, key)"
    yield "// clang-format off"
    for name, *pieces in VECTORS:
        pieces = [(piece, 1) if isinstance(piece, str) else piece for piece in pieces]
        text = "".join(piece * times for piece, times in pieces).encode("utf-8")
        digest, key = identity(text)
        spelt = " +\n       ".join(f"repeat({literal(piece)}, {times})" for piece, times in pieces)
        yield f'VECTOR({literal(name)},\n       {spelt},\n       "{digest}", {key})'
    yield "// clang-format on"


def main():
    text = "\n".join(lines()) + "\n"
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="ascii") as file:
            same = file.read() == text
        print("the vectors are the same" if same else "the vectors differ")
        return 0 if same else 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
