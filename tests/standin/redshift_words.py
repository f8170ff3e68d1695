"""What Redshift lacks and what it calls differently, as tables, and the scan of a statement's tokens for it. Pure, any thread.

Sources: Redshift developer guide, "Unsupported PostgreSQL features / data types / functions"; error texts from public reports where there
are some (graphile/crystal#913, salsita/node-pg-migrate#767, vdesabou/kafka-docker-playground#4135, jazzband/django-redshift-backend#21)."""

LITERAL_BYTES_MAX = 65535
STATEMENT_BYTES_MAX = 16_777_216
PARAMETERS_MAX = 32_767

LACKING_FUNCTIONS = frozenset("""
array_agg array_append array_length array_position array_to_string cardinality clock_timestamp concat_ws encode decode format
gen_random_uuid generate_subscripts inet_client_addr json_agg json_array_elements json_build_array json_build_object json_each
json_object json_object_agg json_to_record jsonb jsonb_agg jsonb_array_elements jsonb_array_length jsonb_build_array jsonb_build_object
jsonb_each jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_query jsonb_set jsonb_strip_nulls
jsonb_to_record jsonb_typeof lastval make_date make_timestamp make_interval nextval currval setval num_nonnulls num_nulls pg_sleep
pg_export_snapshot pg_current_xact_id quote_nullable regexp_match regexp_matches regexp_split_to_array regexp_split_to_table row_to_json
string_agg string_to_array to_json to_jsonb to_regclass to_regproc to_regtype to_regnamespace txid_current txid_status unnest
uuid_generate_v4 width_bucket xpath""".split())
LACKING_FUNCTION_PREFIXES = ("pg_advisory_", "pg_try_advisory_")

# Types that PostgreSQL 8.0 did not know, and those it knew but Redshift does not store.
UNKNOWN_TYPES = frozenset("json jsonb uuid xml hstore tsvector tsquery int4range int8range numrange tsrange tstzrange daterange".split())
UNSUPPORTED_TYPES = frozenset("""serial serial2 serial4 serial8 bigserial smallserial bytea inet cidr macaddr money bit point line lseg box
path polygon circle regclass regproc oid name""".split())

LACKING_OPERATORS = frozenset(("->", "->>", "#>", "#>>", "@>", "<@", "?", "?|", "?&", "@?", "@@", "#-", "&&", "-|-"))

# Parameters that PostgreSQL has too (and Redshift knows), and those only Redshift has: they get a prefix of their own in the server.
SHARED_SETTINGS = frozenset("""statement_timeout search_path application_name datestyle timezone extra_float_digits client_encoding
client_min_messages intervalstyle""".split())
OWN_SETTINGS = frozenset("""enable_case_sensitive_identifier enable_case_sensitive_super_attribute json_parse_truncate_strings
json_parse_dedup_attributes parse_super_null_on_error navigate_super_null_on_error cast_super_null_on_error query_group
wlm_query_slot_count enable_result_cache_for_session describe_field_name_in_uppercase downcase_delimited_identifier
analyze_threshold_percent enable_numeric_rounding enable_vacuum_boost error_on_nondeterministic_update
spectrum_enable_pseudo_columns stored_proc_log_min_messages
mv_enable_aqmv_for_session default_geometry_encoding timeout_for_query enable_spectrum_oid interval_forbid_composite_literals""".split())
SETTINGS_PREFIX = "redshift."

DATE_UNITS = {"y": "year", "yr": "year", "yrs": "year", "years": "year", "mon": "month", "mons": "month", "months": "month", "w": "week",
              "weeks": "week", "d": "day", "days": "day", "h": "hour", "hr": "hour", "hrs": "hour", "hours": "hour", "m": "minute",
              "min": "minute",
              "mins": "minute", "minutes": "minute", "s": "second", "sec": "second", "secs": "second", "seconds": "second",
              "ms": "millisecond",
              "milliseconds": "millisecond", "us": "microsecond", "microseconds": "microsecond"}

NO_SUCH_COMMANDS = frozenset("""savepoint release listen notify unlisten checkpoint load reindex cluster import security do discard
move""".split())
NO_SUCH_OBJECTS = frozenset("""index unique trigger sequence extension type domain rule operator aggregate unlogged event cast collation
tablespace publication subscription statistics access server foreign conversion language text transform policy_group constraint""".split())


class Refusal:
    __slots__ = ("sqlstate", "message", "detail")

    def __init__(self, sqlstate, message, detail=None):
        self.sqlstate = sqlstate
        self.message = message
        self.detail = detail

    def __repr__(self):
        return f"{self.sqlstate}: {self.message}"


def syntax_error(token):
    return Refusal("42601", f'syntax error at or near "{token.text[:64]}"')


def not_for_redshift(text):
    return Refusal("0A000", f'SQL command "{" ".join(text.split())[:100]}..." not supported on Redshift tables.')


def beyond_the_stand_in(what):
    """Redshift can do it; we say so rather than let a test believe otherwise."""
    return Refusal("0A000", f"the stand-in does not do this, though Redshift does: {what}")


def unknown_setting(name):
    return Refusal("42704", f'unrecognized configuration parameter "{name}"')


def setting_of(name):
    """The server's name of a parameter; None where Redshift has no such parameter."""
    low = name.lower()
    if low in OWN_SETTINGS:
        return SETTINGS_PREFIX + low
    return low if low in SHARED_SETTINGS else None


def after(tokens, index):
    return tokens[index + 1] if index + 1 < len(tokens) else None


def scan(tokens, edits, case_sensitive):
    """The first thing that Redshift refuses wherever it stands, or None. Writes what only has another name to `edits`."""
    for index, token in enumerate(tokens):
        kind = token.kind
        if kind == "word":
            refusal = scan_word(tokens, index, token, edits)
        elif kind == "quoted":
            if not case_sensitive and not token.text.islower():
                edits.replace(token.start, token.end, "".join(c.lower() if c < "\x80" else c for c in token.text))
            refusal = None
        elif kind == "string":
            refusal = scan_string(tokens, index, token)
        elif kind == "op":
            refusal = scan_operator(tokens, index, token, edits)
        elif kind == "[":
            refusal = scan_bracket(tokens, index, token)
        else:
            refusal = None
        if refusal:
            return refusal
    return None


def too_long_literal():
    return Refusal("XX000", f"String value exceeds the max size of {LITERAL_BYTES_MAX} bytes")


def scan_string(tokens, index, token):
    if token.end - token.start - 2 > LITERAL_BYTES_MAX:
        return too_long_literal()
    before = tokens[index - 1] if index else None
    if before is not None and before.end == token.start and before.is_word("e"):
        return Refusal("42704", 'type "e" does not exist')
    return None


def scan_operator(tokens, index, token, edits):
    if token.text in LACKING_OPERATORS:
        return Refusal("42883", f"operator does not exist: {token.text}")
    if token.text == "::":
        return scan_cast(after(tokens, index), edits)
    return None


def scan_cast(target, edits):
    if target is None or target.kind != "word":
        return None
    if target.low in UNKNOWN_TYPES:
        return Refusal("42704", f'type "{target.low}" does not exist')
    if target.low == "super":
        edits.replace(target.start, target.end, "redshift.super")
    return None


def scan_bracket(tokens, index, token):
    following = after(tokens, index)
    before = tokens[index - 1] if index else None
    if following is not None and following.kind == "]" and tokens[0].is_word("create", "alter"):
        return None  # the column's type says it better
    if before is not None and before.is_word("array") or following is None or following.kind == "]":
        return syntax_error(token)
    return beyond_the_stand_in("to navigate into a SUPER value")


def scan_word(tokens, index, token, edits):
    handler = WORDS.get(token.low)
    following = after(tokens, index)
    if following is not None and following.kind == "(":
        if token.low in LACKING_FUNCTIONS or token.low.startswith(LACKING_FUNCTION_PREFIXES):
            return Refusal("42883", f"function {token.low}() does not exist")
    before = tokens[index - 1] if index else None
    if handler is None or before is not None and before.kind == "." and token.low != "version":
        return None
    return handler(tokens, index, token, following, before, edits)


def on_version(tokens, index, token, following, before, edits):
    if following is not None and following.kind == "(":
        start = tokens[index - 2].start if before is not None and before.kind == "." else token.start
        edits.replace(start, token.end, "redshift.version")


def on_sysdate(_tokens, _index, token, following, _before, edits):
    if following is None or following.kind != "(":
        edits.replace(token.start, token.end, "redshift.sysdate()")


def on_nvl(_tokens, _index, token, following, _before, edits):
    if following is not None and following.kind == "(":
        edits.replace(token.start, token.end, "coalesce")


def on_date_function(tokens, index, token, following, _before, edits):
    if following is None or following.kind != "(":
        return
    edits.replace(token.start, token.end, f"redshift.{token.low.replace('_', '')}")
    unit = after(tokens, index + 1)
    if unit is not None and unit.kind == "word":
        edits.replace(unit.start, unit.end, f"'{DATE_UNITS.get(unit.low, unit.low)}'")


def on_on(_tokens, _index, token, following, _before, _edits):
    return syntax_error(token) if following is not None and following.is_word("conflict", "commit") else None


def on_returning(tokens, _index, token, _following, _before, _edits):
    return syntax_error(token) if tokens[0].is_word("insert", "update", "delete", "merge", "with", "prepare", "explain") else None


def on_lateral(_tokens, _index, token, following, _before, _edits):
    return syntax_error(token) if following is not None and following.kind in ("(", "word") else None


def on_for(_tokens, _index, _token, following, _before, _edits):
    if following is not None and following.is_word("update", "share", "no", "key"):
        return Refusal("0A000", "SELECT FOR UPDATE/SHARE is not supported")
    return None


def on_filter(_tokens, _index, _token, following, before, _edits):
    if following is not None and following.kind == "(" and before is not None and before.kind == ")":
        return syntax_error(following)
    return None


def on_distinct(_tokens, _index, _token, following, _before, _edits):
    return Refusal("0A000", "SELECT DISTINCT ON is not supported") if following is not None and following.is_word("on") else None


def on_values(tokens, index, token, _following, before, _edits):
    """Only INSERT (and MERGE's INSERT) may have it: after the table's name, a list of columns, or nothing."""
    words = {t.low for t in tokens[:4] if t.kind == "word"}
    if "insert" in words and depth_at(tokens, index) == 0 and before is not None and before.kind in (")", "word", "quoted"):
        return None
    if "merge" in words and before is not None and (before.kind == ")" or before.is_word("insert")):
        return None
    return syntax_error(token)


def depth_at(tokens, index):
    opened = 0
    for token in tokens[:index]:
        opened += (token.kind == "(") - (token.kind == ")")
    return opened


def on_as(tokens, index, _token, following, _before, edits):
    """Only within CAST( ... AS type); elsewhere it names a column."""
    depth = 0
    for at in range(index - 1, 0, -1):
        depth += (tokens[at].kind == ")") - (tokens[at].kind == "(")
        if depth < 0:
            return scan_cast(following, edits) if tokens[at - 1].is_word("cast") else None
    return None


def on_word_refused(_tokens, _index, token, following, _before, _edits):
    return syntax_error(token) if following is not None and following.kind in ("(", "word") else None


WORDS = {"version": on_version, "sysdate": on_sysdate, "nvl": on_nvl, "dateadd": on_date_function, "datediff": on_date_function,
         "date_add": on_date_function, "date_diff": on_date_function, "on": on_on, "returning": on_returning, "lateral": on_lateral,
         "for": on_for,
         "filter": on_filter, "distinct": on_distinct, "values": on_values, "as": on_as, "tablesample": on_word_refused}
