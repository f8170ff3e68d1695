"""As much of CBOR (RFC 8949) as the aws client's CloudWatch calls use: definite and indefinite maps, lists and texts, numbers, true, false, null."""

import struct


def encode(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        data = value.encode()
        return _head(3, len(data)) + data
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    return _head(4, len(value)) + b"".join(encode(v) for v in value)


def _head(major, number):
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def decode(data):
    return _item(data, 0)[0]


def _argument(data, at):
    """Major type, argument (None: indefinite) and where the rest begins."""
    major, short = data[at] >> 5, data[at] & 31
    if short < 24:
        return major, short, at + 1
    if short == 31:
        return major, None, at + 1
    size = 1 << (short - 24)
    return major, int.from_bytes(data[at + 1:at + 1 + size], "big"), at + 1 + size


def _item(data, at):
    first = data[at]
    if first in (0xF4, 0xF5, 0xF6):
        return {0xF4: False, 0xF5: True, 0xF6: None}[first], at + 1
    if first in (0xFA, 0xFB):
        form = ">f" if first == 0xFA else ">d"
        return struct.unpack_from(form, data, at + 1)[0], at + 1 + struct.calcsize(form)
    major, number, at = _argument(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3) and number is not None:
        raw = data[at:at + number]
        return raw if major == 2 else raw.decode(), at + number
    if major in (4, 5):
        return _members(data, at, major, number)
    raise ValueError(f"CBOR major type {major} is not known here")


def _members(data, at, major, number):
    found = []
    while number is None and data[at] != 0xFF or number is not None and len(found) < number * (major - 3):
        value, at = _item(data, at)
        found.append(value)
    if number is None:
        at += 1
    return (found if major == 4 else dict(zip(found[::2], found[1::2]))), at
