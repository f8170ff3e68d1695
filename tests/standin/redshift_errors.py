"""PostgreSQL's errors as Redshift words them. Pure, any thread."""

import re

NO_LONGER_TRUE = "PpqWFLR"  # positions and places of the translated text and of PostgreSQL's own source
WIDTH = re.compile(r"^rs_(varchar|bpchar)_([0-9]+)$")  # of redshift_catalog.sql's keep_widths

# Developer guide, "Serializable isolation"; numbers of tables and transactions mean nothing to a client.
CONFLICT_MESSAGE = "1023"
CONFLICT_DETAIL = "Serializable isolation violation on table - 1, transactions forming the cycle are: 1, 2 (pid:1)"


def translate_error(fields):
    """`fields`: letter -> text, as in an ErrorResponse. Gives the fields that a client of Redshift would see."""
    fields = {letter: text for letter, text in fields.items() if letter not in NO_LONGER_TRUE}
    code, message = fields.get("C", ""), fields.get("M", "")
    width = WIDTH.match(fields.get("n", "")) if code == "23514" else None
    if width:
        return without_names(fields, *too_wide(width))
    if code in ("22P02", "22P05") and "type json" in message or code == "22P05":
        return without_names(fields, "XX000", "Invalid JSON", None)
    if code == "40001":
        return without_names(fields, "XX000", CONFLICT_MESSAGE, CONFLICT_DETAIL)
    if fields.get("D", "x").strip() == "":
        fields.pop("D")
    return fields


def too_wide(width):
    if width.group(1) == "varchar":
        return "22001", f"value too long for type character varying({width.group(2)})", None
    return "XX000", "CHAR string contains invalid ASCII character", None


def without_names(fields, code, message, detail):
    kept = {letter: text for letter, text in fields.items() if letter in "SV"}
    kept.update({"C": code, "M": message})
    if detail:
        kept["D"] = detail
    return kept
