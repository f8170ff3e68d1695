"""The figures as a table: what was measured, the same run's ceiling, the ratio, and what was hoped for."""


def _number(value, unit=""):
    if value is None:
        return "-"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{text} {unit}".strip()


def _verdict(value, goal, floor, higher_is_better=True):
    sign = 1 if higher_is_better else -1
    if value * sign >= goal * sign:
        return "goal met"
    return "floor met" if floor is not None and value * sign >= floor * sign else "MISSED"


def _intake_rows(intake):
    aims = {"64_connections": (0.33, 0.25), "512_connections": (0.40, 0.32)}
    for key, (goal, floor) in aims.items():
        part, name = intake[key], key.replace("_", " ")
        ours, nginx = part["twinshift"], part["nginx"]
        yield (f"intake, {name}", _number(ours["requests_per_second"], "req/s"), _number(nginx["requests_per_second"], "req/s"),
               f"{part['ratio']:.2f} x", f">= {goal} (floor {floor})", _verdict(part["ratio"], goal, floor))
        yield ("  p50 / p99", f"{ours['p50_ms']:.1f} / {ours['p99_ms']:.1f} ms", f"{nginx['p50_ms']:.1f} / {nginx['p99_ms']:.1f} ms", "",
               "p99 < 20 ms" if key.startswith("64") else "", _verdict(ours["p99_ms"], 20, None, False) if key.startswith("64") else "")
        yield ("  CPU a request", _number(ours["cpu_us_per_request"], "us"), _number(nginx["cpu_us_per_request"], "us"), f"{part['cpu_ratio']:.2f} x",
               "<= 3 (floor 4)", _verdict(part["cpu_ratio"], 3, 4, False))
        if ours["refused"] or ours["socket_errors"]:
            yield ("  refused / socket errors", f"{ours['refused']} / {ours['socket_errors']}", "", "", "0", "MISSED")
    yield ("  peak memory, intake alone", _number(intake["memory_peak_mb"], "MB"), "", "", "< 128 MB", _verdict(intake["memory_peak_mb"], 128, None, False))


def _node_rows(figures):
    node = figures.get("node")
    if node:
        ratio = figures["intake"]["64_connections"]["twinshift"]["requests_per_second"] / max(1.0, node["requests_per_second"])
        yield ("Node service storing nothing", _number(node["requests_per_second"], "req/s"), "", f"{ratio:.2f} x", "ours >= 1.7", _verdict(ratio, 1.7, None))


def _landing_rows(part):
    yield ("landing on both, queue full", _number(part["events_per_second"], "ev/s"), _number(part["bare_loader"]["both_per_second"], "rows/s"), f"{part['ratio']:.2f} x",
           ">= 0.5", _verdict(part["ratio"], 0.5, None))
    yield ("  CPU per 100k events", _number(part["cpu_seconds_per_100k"], "s"), "", "", "", "")
    yield ("  peak memory", _number(part["memory_peak_mb"], "MB"), "", "", "< 128 MB", _verdict(part["memory_peak_mb"], 128, None, False))


def _latency_row(name, latency, key, limit):
    if "p50_ms" not in latency:
        return (name, "no probe arrived", "", "", f"{key} < {limit} ms", "MISSED")
    verdict = "MISSED" if latency["never_seen"] else _verdict(latency[f"{key}_ms"], limit, None, False)
    return (name, f"p50 {latency['p50_ms']:.0f} ms, p99 {latency['p99_ms']:.0f} ms", "", "", f"{key} < {limit:,} ms", verdict)


def _steady_rows(part):
    asked = part["rate_asked"]
    # Up to a second's worth on its way is a queue that does not grow.
    flat = part["behind_at_end"] <= asked and part["accepted_per_second"] >= 0.97 * asked and not part["refused"]
    yield (f"steady state at {asked:,} ev/s", _number(part["landed_per_second"], "ev/s landed"), "", "", "6,000 on both", "goal met" if flat and asked >= 6000 else "MISSED")
    yield ("  behind at the end", _number(part["behind_at_end"], "events"), "", "", "not growing", "goal met" if flat else "MISSED")
    yield _latency_row("  POST to landed on both", part["latency"], "p99", 2000)
    yield ("  CPU; peak memory", f"{part['cpu_cores']:.2f} cores; {part['memory_peak_mb']:.0f} MB", "", "", "< 128 MB", _verdict(part["memory_peak_mb"], 128, None, False))


def _quiet_rows(part):
    yield _latency_row("latency at 50 ev/s", part["latency_at_50_per_second"], "p50", 250)
    yield ("idle CPU", f"{part['idle_cpu_percent']:.2f} % of a core", "", "", "< 0.5 %", _verdict(part["idle_cpu_percent"], 0.5, None, False))


def _deep_rows(part):
    yield (f"peak memory, {part['waiting']:,} events waiting", _number(part["memory_peak_mb"], "MB"), "", "", "< 128 MB", _verdict(part["memory_peak_mb"], 128, None, False))
    yield ("  meanwhile, 512 connections", _number(part["requests_per_second"], "req/s"), "", "", "", "")


def _aws_rows(part):
    sqs, landing, bare, node = part["to_sqs"], part["landing"], part["bare"], part.get("node_landing")
    ours, other = sqs["twinshift"], sqs.get("node")
    yield ("webhook -> SQS, 64 connections", _number(ours["requests_per_second"], "req/s"), _number(other and other["requests_per_second"], "req/s Node"),
           f"{sqs['ratio']:.1f} x" if other else "", ">= 8 x Node", _verdict(sqs["ratio"], 8, None) if other else "")
    yield ("  p50 / p99", f"{ours['p50_ms']:.1f} / {ours['p99_ms']:.1f} ms", f"{other['p50_ms']:.1f} / {other['p99_ms']:.1f} ms" if other else "", "", "p99 < 50 ms",
           _verdict(ours["p99_ms"], 50, None, False))
    yield ("  CPU a request", _number(ours["cpu_us_per_request"], "us"), _number(other and other["cpu_us_per_request"], "us"),
           f"{sqs['cpu_ratio']:.2f} x" if other else "", "<= 0.1 x Node", _verdict(sqs["cpu_ratio"], 0.1, None, False) if other else "")
    yield ("landed on both by the Data API", _number(landing["events_per_second"], "ev/s"), _number(bare["events_per_second"], "ev/s bare client"),
           f"{landing['ratio_to_bare']:.2f} x", ">= 0.7 x", _verdict(landing["ratio_to_bare"], 0.7, None))
    yield ("  CPU an event", _number(landing["cpu_us_per_event"], "us"), "", "", "", "")
    if node:
        for loops, each in node.items():
            ratio = landing["events_per_second"] / each["events_per_second"]
            yield (f"  beside the Node service, {loops.replace('_', ' ')}", "", _number(each["events_per_second"], "ev/s"), f"{ratio:.0f} x",
                   ">= 8 x" if loops.startswith("1") else "", _verdict(ratio, 8, None) if loops.startswith("1") else "")
    most = max(landing["data_api_calls_per_1000"].values())
    yield ("  Data API calls a 1,000 events, each target", _number(most), "", "", "<= 4", _verdict(most, 4, None, False))
    for key, name, goal in (("sqs_calls_per_1000", "SQS calls a 1,000 events", 320), ("sqs_calls_per_1000_packed", "  20 events a message", 40)):
        calls = part[key]
        yield (name, _number(calls["all"]), f"{calls['send']} send", "", f"<= {goal}", _verdict(calls["all"], goal, None, False))
    quiet, calls = part["quiet"], max(part["quiet"]["data_api_calls_per_second"].values())
    yield ("50 ev/s: landed within", _number(quiet["landed_within_seconds_max"], "s"), "", "", "< 5 s", _verdict(quiet["landed_within_seconds_max"], 5, None, False))
    yield ("  Data API calls a second, each target", _number(calls), "", "", "<= 2", _verdict(calls, 2, None, False))


def _postgres_rows(part):
    for key, name, goal in (("both", "PostgreSQL, both, queue full", 0.4), ("alone", "PostgreSQL, one alone", 0.6)):
        each = part[key]
        yield (name, _number(each["events_per_second"], "ev/s"), _number(each["copy_per_second"], "rows/s \\copy"), f"{each['ratio']:.2f} x", f">= {goal}",
               _verdict(each["ratio"], goal, None))
        aim = 60 if key == "both" else None
        yield ("  our CPU an event", _number(each["cpu_us_per_event"], "us"), "", "", f"<= {aim} us" if aim else "",
               _verdict(each["cpu_us_per_event"], aim, None, False) if aim else "")
        yield ("  peak memory", _number(each["memory_peak_mb"], "MB"), "", "", "< 128 MB", _verdict(each["memory_peak_mb"], 128, None, False))


    yield _batch_row("  a batch", part["counted"])


def _batch_row(name, part):
    return (name, f"{part['rows_a_batch']:.0f} rows, {part['statements_a_batch']:.1f} statements, {part['client_messages_a_batch']:.1f} messages",
            f"{part['bytes_a_row']:.0f} bytes a row", "", "", "")


def _redshift_rows(part):
    yield ("Redshift (stand-in), queue full", _number(part["events_per_second"], "ev/s"), _number(part["bare_per_second"], "rows/s bare INSERT"),
           f"{part['ratio']:.2f} x", ">= 0.7", _verdict(part["ratio"], 0.7, None))
    yield ("  our CPU an event", _number(part["cpu_us_per_event"], "us"), "", "", "", "")
    yield _batch_row("  a batch", part)


def _spread(ratio):
    return f"{ratio['median']:.2f} x ({ratio['least']:.2f} - {ratio['most']:.2f})"


def _isolation_pair(part, state, other, ratios):
    ours, theirs = ({name: each["median"] for name, each in part["states"][which].items()} for which in (state, other))
    beside = "" if other == "healthy" else f", beside {other}"
    yield (f"primary's rate, secondary {state}{beside}", _number(ours["rate"], "ev/s"), _number(theirs["rate"], "ev/s"), _spread(ratios["rate"]), ">= 0.97 x",
           _verdict(ratios["rate"]["median"], 0.97, None))
    for name, key in (("intake", "intake"), ("time to land", "land")):
        yield (f"  {name}, p50 / p99", f"{ours[f'{key}_p50_ms']:.1f} / {ours[f'{key}_p99_ms']:.1f} ms", f"{theirs[f'{key}_p50_ms']:.1f} / {theirs[f'{key}_p99_ms']:.1f} ms",
               _spread(ratios[f"{key}_p99_ms"]), "p99 <= 1.10 x", _verdict(ratios[f"{key}_p99_ms"]["median"], 1.10, None, False))


def _isolation_rows(part):
    for state, pairs in part["ratios"].items():
        for other, ratios in pairs.items():
            yield from _isolation_pair(part, state, other, ratios)
    catch_up, books = part["catch_up"], part["books"]
    yield ("catch-up without live load", _number(catch_up["catch_up"]["median"], "ev/s"), _number(catch_up["plain"]["median"], "ev/s plain load"),
           _spread(catch_up["ratio"]), ">= 0.8 x", _verdict(catch_up["ratio"]["median"], 0.8, None))
    yield ("landed a CPU second, books every second", _number(books["every_second"]["median"]), _number(books["hardly_ever"]["median"], "hardly ever"),
           _spread(books["ratio"]), "", "")
    yield ("  books at their default interval of 30 s", "", "", _spread(books["ratio_by_default"]), ">= 0.97 x", _verdict(books["ratio_by_default"]["median"], 0.97, None))
    yield (f"the disk was full by: {part['disk_full_by']}", "", "", "", "", "")


def _repair_rows(part):
    for store in ("embedded", "postgres"):
        each = part[store]
        for key, name in (("rebuild", "rebuild of an empty secondary"), ("repair", "repair of as much"), ("through_service", "rebuild through the service")):
            yield (f"{name}, {store}", _number(each[f"{key}_per_second"], "rows/s"), _number(each["plain_per_second"], "ev/s plain load"),
                   f"{each[f'{key}_ratio']:.2f} x", ">= 0.7", _verdict(each[f"{key}_ratio"], 0.7, None))


def _verify_rows(part):
    equal, different = part["equal"], part["different"]
    yield (f"verify of {equal['rows']:,} equal rows", _number(equal["seconds"], "s"), "one aggregate query", f"{equal['ratio']:.2f} x", "<= 3",
           _verdict(equal["ratio"], 3, None, False))
    yield (f"  with {different['findings']} differences, all named", _number(different["seconds"], "s"), "verify of equal ones", f"{part['more']:.2f} x", "<= 2",
           _verdict(part["more"], 2, None, False))
    memory = max(equal["memory_peak_mb"], different["memory_peak_mb"])
    yield ("  peak memory", _number(memory, "MB"), "", "", "< 64 MB", _verdict(memory, 64, None, False))


def _viewers_rows(part):
    timetable, full, idle = part["timetable"], part["full"], part["idle"]
    rate, cpu = full["rate"], timetable["cpu_us_per_event"]
    yield (f"intake, {part['viewers']} viewers, scrape and books each second", _number(rate["watched"], "req/s"), _number(rate["alone"], "req/s unwatched"), _spread(rate["ratio"]),
           ">= 0.98 x", _verdict(rate["ratio"]["median"], 0.98, None))
    yield (f"  CPU an event, landed on both, {timetable['rate_asked']:,} ev/s", _number(cpu["watched"], "us"), _number(cpu["alone"], "us unwatched"), _spread(cpu["ratio"]), "", "")
    yield ("  the same at full rate", _number(full["cpu_us_per_event"]["watched"], "us"), _number(full["cpu_us_per_event"]["alone"], "us unwatched"),
           _spread(full["cpu_us_per_event"]["ratio"]), "<= 1.02 x", _verdict(full["cpu_us_per_event"]["ratio"]["median"], 1.02, None, False))
    yield ("  CPU of the idle service", _number(idle["watched"], "ms a second"), _number(idle["alone"], "ms unwatched"), f"+{idle['more']:.1f} ms", "< 20 ms (2 % of a core)",
           _verdict(idle["more"], 20, None, False))


def _trace_rows(part):
    for key, name in (("without_service", "no service runs"), ("through_service", "through the service, just restarted")):
        each = part[key]
        yield (f"trace, {part['events']:,} events behind it, {name}", _number(each["median_ms"], "ms"), f"first {each['first_ms']:.0f}, worst {each['worst_ms']:.0f} ms", "",
               "<= 100 ms", _verdict(each["median_ms"], 100, None, False))


def rows(figures):
    makers = {"intake": _intake_rows, "landing": _landing_rows, "steady": _steady_rows, "quiet": _quiet_rows, "deep": _deep_rows, "postgres": _postgres_rows, "redshift": _redshift_rows, "aws": _aws_rows,
              "isolation": _isolation_rows, "verify": _verify_rows, "repair": _repair_rows, "viewers": _viewers_rows, "trace": _trace_rows}
    for name, maker in makers.items():
        part = figures.get(name)
        if part is None:
            continue
        if "failed" in part:
            yield (name, "failed", "", "", "", part["failed"].splitlines()[0][:100])
            continue
        yield from maker(part)
        if name == "intake":
            yield from _node_rows(figures)


def foreign_share(value):
    """The largest share of the machine that others used during any measurement."""
    if isinstance(value, dict):
        return max([value.get("foreign_share", 0.0), *(foreign_share(v) for v in value.values())], default=0.0)
    return 0.0


def table(figures):
    head = ("what", "twinshift", "ceiling, same run", "ratio", "aim", "verdict")
    lines = [head, *rows(figures)]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(head))]
    text = ["  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    foreign = foreign_share(figures)
    if foreign > 0.1:
        text.append(f"Others used up to {foreign:.0%} of this machine meanwhile: the figures say less than they could. Repeat it when it is quiet.")
    return "\n".join(text)
