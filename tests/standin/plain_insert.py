"""A quick look that knows multi-row INSERTs of literals, which both dialects read alike: is_plain_insert(). Pure; any thread.

Such a statement is most of what a bench sends; cutting it into tokens would cost more than running it. Whoever is not recognised here
goes the long way, so a doubt costs time only."""

import re

_NAME = r'(?:[a-z_][a-z0-9_]*|(?-i:"[a-z_][a-z0-9_]*"))'  # a quoted one with capitals would be folded
_HEAD = re.compile(rf"\s*INSERT\s+INTO\s+{_NAME}(?:\.{_NAME})?\s*(?:\(\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\))?\s*VALUES\s*(?=\()",
                   re.ASCII | re.IGNORECASE)
# What may stand between the literals: rows of numbers and the like. An `E` right before a literal is not among it.
_BETWEEN = re.compile(r"(?:[\s,()]++|[-+]?[0-9][0-9.]*+(?:[eE][-+]?[0-9]++)?(?![A-Za-z_])|NULL|TRUE|FALSE|DEFAULT)*+", re.ASCII | re.IGNORECASE)


def is_plain_insert(text, literal_bytes_max):
    """`text`: latin-1. True: one INSERT whose rows hold only literals, none longer than the bound: the server takes it as it is."""
    head = _HEAD.match(text)
    if not head:
        return False
    rows = text[head.end():]
    if "\\" in rows:
        rows = rows.replace("\\\\", "..").replace("\\'", "..")
    pieces = rows.replace("''", "").split("'")  # outside, inside, outside, ...
    if len(pieces) % 2 == 0 or max(map(len, pieces[1::2]), default=0) > literal_bytes_max:
        return False
    return _BETWEEN.fullmatch(" ".join(pieces[0::2])) is not None
