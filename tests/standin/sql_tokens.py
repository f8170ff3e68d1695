"""SQL text cut into tokens as Redshift (PostgreSQL 8.0's lexer) cuts it. Text is latin-1: one character a byte, so that lengths are bytes.

In a literal a backslash escapes; E'...' is the word E and a literal; identifiers take bytes above 127. Pure, any thread."""

import re

# Kinds: word, quoted ("..."), string ('...'), dollar ($tag$...$tag$), number, param ($1), op, and each of ( ) [ ] , ; . as its own kind.
# `values`: a run of plain rows, so that megabytes of literals cost one match. `bad`: an unterminated literal, comment or identifier.
_STRING = r"'(?:[^'\\]++|\\.|'')*+'"
_VALUE = rf"(?:{_STRING}|[-+]?[0-9][0-9.]*+(?:[eE][-+]?[0-9]++)?|NULL\b|TRUE\b|FALSE\b|DEFAULT\b|\$[0-9]++)"
_ROW = rf"\(\s*+{_VALUE}(?:\s*+,\s*+{_VALUE})*+\s*+\)"
_ROWS = re.compile(rf"{_ROW}(?:\s*+,\s*+{_ROW})*+", re.ASCII | re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile(_STRING, re.DOTALL)

_TOKEN = re.compile(
    rf"""(?P<space>(?:\s++|--[^\n]*+)++)
    |(?P<comment>/\*)
    |(?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*+)
    |(?P<quoted>"(?:[^"]++|"")*+")
    |(?P<string>{_STRING})
    |(?P<number>[0-9]++(?:\.[0-9]*+)?(?:[eE][-+]?[0-9]++)?|\.[0-9]++(?:[eE][-+]?[0-9]++)?)
    |(?P<param>\$[0-9]++)
    |(?P<dollar>\$(?P<tag>(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*+)?)\$.*?\$(?P=tag)\$)
    |(?P<punct>[()\[\],;.])
    |(?P<op>::|:=|[-+*/<>=~!@\#%^&|?:]+?(?=--|/\*|[^-+*/<>=~!@\#%^&|?:]|$))
    |(?P<bad>.)""",
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token:
    __slots__ = ("kind", "text", "low", "start", "end")

    def __init__(self, kind, text, start, end):
        self.kind = kind
        self.text = text
        self.low = text.lower() if kind == "word" else text
        self.start = start
        self.end = end

    def name(self):
        """The identifier as PostgreSQL 8.0 stores it; None for what is none."""
        if self.kind == "word":
            return self.low
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"')
        return None

    def is_word(self, *words):
        return self.kind == "word" and self.low in words

    def __repr__(self):
        return f"{self.kind}:{self.text[:40]}"


def end_of_comment(text, start):
    """Comments nest. None: it does not end."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None


def tokenise(text):
    tokens = []
    position, length = 0, len(text)
    after_values = False
    while position < length:
        if after_values and text[position] == "(":
            rows = _ROWS.match(text, position)
            if rows:
                tokens.append(Token("values", rows.group(), position, rows.end()))
                position, after_values = rows.end(), False
                continue
        match = _TOKEN.match(text, position)
        kind = match.lastgroup if match.lastgroup != "tag" else "dollar"
        if kind == "comment":
            end = end_of_comment(text, position)
            if end is None:
                tokens.append(Token("bad", "/*", position, length))
                break
            position = end
            continue
        position = match.end()
        if kind == "space":
            continue
        piece = match.group()
        token = Token(piece if kind == "punct" else kind, piece, match.start(), position)
        tokens.append(token)
        if kind == "bad":
            break
        after_values = token.low == "values" if kind == "word" else after_values and kind == ","
    return tokens


def split_statements(tokens):
    """Lists of tokens, without the semicolons; empty statements are left out, as the server does."""
    statements, current = [], []
    for token in tokens:
        if token.kind == ";":
            if current:
                statements.append(current)
            current = []
        else:
            current.append(token)
    if current:
        statements.append(current)
    return statements


def longest_literal(token):
    """Bytes of the longest literal in a `values` run or string, as written (an upper bound of its value)."""
    if len(token.text) <= 65535:
        return 0
    return max((match.end() - match.start() - 2 for match in _LITERAL.finditer(token.text)), default=0)


def literal_value(token):
    """Of a `string` token."""
    return re.sub(r"\\(.)|''", lambda m: m.group(1) if m.group(1) else "'", token.text[1:-1], flags=re.DOTALL)


def quote_literal(text):
    """For a session where a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def quote_name(name):
    return '"' + name.replace('"', '""') + '"'


class Edits:
    """Pieces of a text to be replaced; what is not named stays as it is, comments included."""

    def __init__(self):
        self._edits = []

    def replace(self, start, end, text):
        self._edits.append((start, end, text))

    def drop(self, first, last):
        """From token to token, both included."""
        self._edits.append((first.start, last.end, ""))

    def apply(self, text, start, end):
        if not self._edits:
            return text[start:end]
        pieces, position = [], start
        for edit_start, edit_end, replacement in sorted(self._edits, key=lambda e: (e[0], e[1])):
            if edit_start < position:
                continue  # within a piece that is gone already
            pieces += [text[position:edit_start], replacement]
            position = edit_end
        pieces.append(text[position:end])
        return "".join(pieces)
