"""The cost part's figures as a table: what a million events, or an hour without any, need."""

HEAD = ("way", "traffic", "SQS calls", "billed", "Data API calls", "statements", "inserts", "queue MB", "warehouse MB", "log MB")


def scaled(part):
    """By million events; without events by hour. A dict of the same names."""
    factor = 1e6 / part["events"] if part["events"] else 3600 / part["seconds"]
    return {name: number * factor for name, number in part["counts"].items()}


def calls_of(counts, service):
    return sum(number for name, number in counts.items() if name.startswith(f"calls.{service}."))


def number(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value else "0"


def row(way, traffic, part, computed):
    counts = scaled(part)

    def cell(name, scale=1.0):
        return number(counts.get(name, 0) / scale)

    sizes = ("not computed",) * 3 if computed else tuple(cell(name, 1e6) for name in ("queue_bytes", "warehouse_bytes", "log_bytes"))
    unit = "1 h, no events" if traffic == "idle" else traffic
    inserts = counts.get("statements", 0) if computed else counts.get("inserts", 0)
    return (way, unit, number(calls_of(counts, "sqs")), number(counts.get("sqs_requests_billed", calls_of(counts, "sqs"))), number(calls_of(counts, "redshift-data")), cell("statements"), number(inserts), *sizes)


def operations(way, traffic, part):
    counts = scaled(part)
    calls = ", ".join(f"{name[6:]} {number(value)}" for name, value in sorted(counts.items()) if name.startswith("calls."))
    return f"{way}, {traffic}: {calls}" if calls else ""


def table(figures):
    failed = [f"cost failed: {figures['failed']}"] if "failed" in figures else []
    figures = figures.get("ways", {})
    lines = [HEAD, *(row(way, traffic, part, "computed" in way) for way, parts in figures.items() for traffic, part in parts.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["cost, by million events (without any: by hour); both targets together; bytes of bodies, both ways, without HTTP's headers"]
    text += ["  ".join(cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines]
    text += ["", "calls by operation:"]
    text += filter(None, (operations(way, traffic, part) for way, parts in figures.items() for traffic, part in parts.items()))
    return "\n".join(text + failed)
