"""What the Data API refuses before it does anything: checks of a request's members. Pure; any thread."""

import json
import re

from aws_http import AwsError

STATEMENT_BYTES_MAX = 100 * 1024
BATCH_STATEMENTS_MAX = 40
TOKEN_CHARACTERS_MAX = 64
WAIT_SECONDS_MAX = 30
KEEP_ALIVE_SECONDS_MAX = 86_400
NAME_CHARACTERS_MAX = 2048
_PARAMETER = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|::|:([A-Za-z_]\w*)", re.DOTALL)


def invalid(text):
    return AwsError("ValidationException", text)


def constraint(member, value, what):
    return invalid(f"1 validation error detected: Value '{str(value)[:100]}' at '{member}' failed to satisfy constraint: {what}")


def check_number(given, member, low, high):
    """The member, or None where it was left out."""
    value = given.get(member)
    if value is None:
        return None
    name = member[0].lower() + member[1:]
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise constraint(name, value, f"Member must have value greater than or equal to {low}")
    if value > high:
        raise constraint(name, value, f"Member must have value less than or equal to {high}")
    return value


def check_text(given, member, high):
    value = given.get(member)
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= high):
        raise constraint(member[0].lower() + member[1:], value, f"Member must have length less than or equal to {high}")
    return value


def check_statements(given, batch):
    """The SQL texts of Execute or BatchExecute."""
    texts = given.get("Sqls") if batch else [given.get("Sql")]
    member = "sqls" if batch else "sql"
    if not texts or not isinstance(texts, list) or any(not isinstance(text, str) for text in texts):
        raise constraint(member, None, "Member must not be null")
    if len(texts) > BATCH_STATEMENTS_MAX:
        raise constraint(member, f"[{len(texts)} statements]", f"Member must have length less than or equal to {BATCH_STATEMENTS_MAX}")
    for text in texts:
        if not text:
            raise constraint(member, text, "Member must have length greater than or equal to 1")
        if len(text) * 4 > STATEMENT_BYTES_MAX and len(text.encode()) > STATEMENT_BYTES_MAX:
            raise invalid(f"Query string is longer than the allowed {STATEMENT_BYTES_MAX} bytes")
    return put_parameters(texts, given.get("Parameters"))


def put_parameters(texts, parameters):
    """`:name` outside of quotes and comments becomes the value, as a literal: every value is text, cast as its place wants it."""
    if parameters is None:
        return texts
    values = {p.get("name"): p.get("value") for p in parameters}
    if not parameters or not all(isinstance(n, str) and re.fullmatch(r"\w+", n) and isinstance(v, str) and v for n, v in values.items()):
        raise invalid("Parameters list contains an empty name or value")
    used = set()

    def put(match):
        name = match.group(1)
        if name is None:
            return match.group()
        if name not in values:
            raise invalid(f"Parameter {name} is not given")
        used.add(name)
        return "'" + values[name].replace("\\", "\\\\").replace("'", "''") + "'"

    made = [_PARAMETER.sub(put, text) for text in texts]
    if used != set(values):
        raise invalid("Parameters list contains unused parameters. Unused parameters: " + str(sorted(set(values) - used)))
    return made


def check_common(given, batch):
    check_text(given, "ClientToken", TOKEN_CHARACTERS_MAX)
    check_text(given, "StatementName", NAME_CHARACTERS_MAX)
    check_number(given, "WaitTimeSeconds", 1, WAIT_SECONDS_MAX)
    check_number(given, "SessionKeepAliveSeconds", 0, KEEP_ALIVE_SECONDS_MAX)
    if given.get("ExecutionMode", "TRANSACTION") not in ("TRANSACTION", "AUTO_COMMIT") or "ExecutionMode" in given and not batch:
        raise constraint("executionMode", given.get("ExecutionMode"), "Member must satisfy enum value set: [TRANSACTION, AUTO_COMMIT]")
    if given.get("ResultFormat", "JSON") != "JSON":
        raise invalid("the stand-in does not do this, though the Data API does: ResultFormat CSV")
    if given.get("SessionId"):
        for member in ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn"):
            if given.get(member):
                raise invalid(f"{member} must not be given together with SessionId")
    elif bool(given.get("ClusterIdentifier")) == bool(given.get("WorkgroupName")):
        raise invalid("Either ClusterIdentifier or WorkgroupName is required, and not both")
    elif not given.get("Database"):
        raise invalid("Database is required")


def fingerprint(batch, given):
    """Of what a ClientToken stands for: all but the patience of the asker. Within one process only."""
    kept = {name: value for name, value in given.items() if name not in ("WaitTimeSeconds", "Sql", "Sqls")}
    return hash((batch, json.dumps(kept, sort_keys=True), given.get("Sql"), tuple(given.get("Sqls") or ())))
