"""Does the secondary hurt the primary? The same load with the secondary healthy and in each bad state, in turn; then what catching up and the
books cost. Ratios are always to the healthy run beside: a shared machine is never twice the same."""

import shutil
import statistics
import sys
import time

from isolation_world import DRAINING, IDLE_LOOPS, OTHER_DRAINS, Landings, World
from processes import BenchError, cpu_seconds

ROUNDS = 5
WARM_EVENTS_PER_SECOND = 200
FIXED_EVENTS_PER_SECOND = 1000  # the rate at which an outage is planned for; far below what this machine lands
BURST_EVENTS_PER_SECOND = 10_000
COMMIT_SECONDS = 0.2  # while the burst lands, each batch of either target takes that much longer: a warehouse is far away, not short of our cores
BOOKS_SECONDS_BY_DEFAULT = 30
# Each bad state has a healthy run beside it; draining also a run in which another process drains as much into the same server,
# and one in which nothing but empty loops runs beside.
ORDER = ("slow", "healthy", "refusing", "black hole", "healthy", "disk full", OTHER_DRAINS, "draining", "healthy", IDLE_LOOPS)
PAIRS = ((0, 1), (2, 1), (3, 4), (5, 4), (7, 8), (7, 6), (9, 8))


def quantile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def copy_folder(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("twinshift.log", "*.sock"))


class Template:
    """A data folder in which the secondary is owed `events`; copied for each run."""

    def __init__(self, bench, world, events):
        self.bench, self.folder = bench, bench.folder / "owed"
        world.impose("refusing")
        with bench.service(self.folder, **world.urls(), SHUTDOWN_NOTICE="0") as service:
            accepted, landings = 0, Landings(service)
            while accepted < events:
                accepted += bench.wrk.run(service.url, 64, 1, BURST_EVENTS_PER_SECOND)["accepted"]
                landings.wait(accepted)
        self.events = accepted
        world.heal()

    def copy(self, folder):
        copy_folder(self.folder, folder)


def fixed_load(bench, world, service, landings):
    """Latencies at a rate that everything can keep: of the intake, and from there to the primary's commit."""
    rows, begin = landings.rows(), time.time()
    sent = bench.wrk.run(service.url, 16, bench.options.isolation_seconds, FIXED_EVENTS_PER_SECOND)
    landings.wait(rows + sent["accepted"])
    ended = {batch[1]: batch[0] for batch in landings.batches["primary"]}
    ways = sorted(ended[batch] - at for at, batch in world.arrivals(begin, time.time()) if batch in ended)
    if len(ways) < sent["accepted"]:
        raise BenchError(f"{len(ways)} of {sent['accepted']} accepted events are in a batch that the log tells of")
    return sent["accepted"], {"intake_p50_ms": sent["p50_ms"], "intake_p99_ms": sent["p99_ms"], "land_p50_ms": 1e3 * quantile(ways, 0.5),
                              "land_p99_ms": 1e3 * quantile(ways, 0.99), "refused": sent["refused"]}


def burst(bench, world, service, state, landings):
    """Events a second that the primary lands while its queue is never empty."""
    world.set_wait(COMMIT_SECONDS, ("primary",) if state == "slow" else ("primary", "secondary"))
    rows, begin = landings.rows(), time.time()
    sent = bench.wrk.run(service.url, 64, 1, BURST_EVENTS_PER_SECOND)
    landings.wait(rows + sent["accepted"])
    landed = [(at, count) for at, _, count, _ in landings.batches["primary"] if at >= begin]
    # From the end of the first batch, which was small, to the last one's.
    return sent["accepted"], {"rate": sum(count for _, count in landed[1:]) / max(1e-3, landed[-1][0] - landed[0][0])}


def one_run(bench, world, template, state):
    folder, other = bench.folder / "isolation", None
    world.hold_back(state)
    if state == "draining":
        template.copy(folder)
    if state == OTHER_DRAINS:
        other = start_other(bench, world, template)
    service = bench.service(folder, **world.urls(state))
    try:
        landings = Landings(service)
        warm = bench.wrk.run(service.url, 4, 1, WARM_EVENTS_PER_SECOND)["accepted"]
        for target in ("primary",) if state == "draining" else ("primary", "secondary"):
            landings.wait(warm, target)
        world.impose(state)
        few, figures = fixed_load(bench, world, service, landings)
        many, rate = burst(bench, world, service, state, landings)
        figures.update(rate, **secondary_of(landings))
        if state in DRAINING:
            check_still_draining(Landings(other or service), template)
        rows, distinct = world.rows("primary")
    finally:
        for each in filter(None, (service, other)):
            each.process.kill()  # a stop in good order would wait for what hangs
            each.process.wait()
            bench.forget(each.folder)
        world.heal()
    if rows < warm + few + many or rows != distinct:
        raise BenchError(f"{state}: the primary holds {rows} rows, {distinct} distinct, of {warm + few + many} accepted")
    return figures


def start_other(bench, world, template):
    """Drains the template's backlog into the secondary's server, with nothing else to do."""
    folder = bench.folder / "other"
    template.copy(folder)
    return bench.service(folder, PRIMARY_WAREHOUSE_URL=f"sqlite:{folder / 'primary.db'}", SECONDARY_WAREHOUSE_URL=world.urls()["SECONDARY_WAREHOUSE_URL"])


def secondary_of(landings):
    landings.look()
    return {"secondary_landed": landings.rows("secondary"), "secondary_landed_owed": landings.rows_owed()}


def check_still_draining(landings, template):
    landings.look()
    if landings.rows_owed() >= template.events:
        raise BenchError(f"the backlog of {template.events} events was empty before the run's end")


def rounds(bench, world, template):
    """By state: the figures of its runs; by pair of states: the ratios of runs beside each other."""
    runs, ratios = {}, {}
    for number in range(bench.options.isolation_rounds):
        order = list(range(len(ORDER)))
        done = {}
        for place in order if number % 2 == 0 else reversed(order):  # so that no state always comes first
            done[place] = one_run(bench, world, template, ORDER[place])
            runs.setdefault(ORDER[place], []).append(done[place])
        for place, partner in PAIRS:
            pair = ratios.setdefault(ORDER[place], {}).setdefault(ORDER[partner], {})
            for name in ("rate", "intake_p50_ms", "intake_p99_ms", "land_p50_ms", "land_p99_ms"):
                pair.setdefault(name, []).append(done[place][name] / max(1e-6, done[partner][name]))
        print(f"bench: isolation: round {number + 1} of {bench.options.isolation_rounds} done", file=sys.stderr, flush=True)
    return runs, ratios


def summary(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def land_rate(landings, target, events):
    """From the first batch's end on, so that the start does not count."""
    landings.wait(events, target)
    batches = landings.batches[target]
    return sum(rows for _, _, rows, _ in batches[1:]) / max(1e-3, batches[-1][0] - batches[0][0])


def catch_up(bench, world, template):
    """Nothing but the backlog, beside a plain load of as many events from the queue into the same server, as the only target."""
    from scenarios import fill_queue
    plain = bench.folder / "plain"
    accepted, _ = fill_queue(bench, plain, template.events)
    figures = {"catch_up": [], "plain": [], "ratio": []}
    for number in range(bench.options.isolation_rounds):
        rates = {}
        for name in ("catch_up", "plain") if number % 2 == 0 else ("plain", "catch_up"):
            folder = bench.folder / "catching-up"
            if name == "plain":
                copy_folder(plain, folder)
                settings = {"PRIMARY_WAREHOUSE_URL": world.urls()["SECONDARY_WAREHOUSE_URL"], "SECONDARY_REDSHIFT_ENABLED": "false"}
            else:
                template.copy(folder)
                settings = world.urls()
            with bench.service(folder, **settings, SHUTDOWN_NOTICE="0") as service:
                target, events = ("primary", accepted) if name == "plain" else ("secondary", template.events)
                rates[name] = land_rate(Landings(service), target, events)
            world.heal()
            bench.forget(folder)
            figures[name].append(rates[name])
        figures["ratio"].append(rates["catch_up"] / rates["plain"])
    bench.forget(plain)
    return {name: summary(values) for name, values in figures.items()}


def books(bench, world):
    """Landed events a CPU second of the service with books counted every second (the least interval) and hardly ever (the greatest)."""
    from scenarios import fill_queue
    full = bench.folder / "for-books"
    accepted, _ = fill_queue(bench, full, bench.options.landing_events // 3)
    figures = {"every_second": [], "hardly_ever": [], "ratio": [], "ratio_by_default": []}
    for number in range(bench.options.isolation_rounds):
        done = {}
        intervals = (("every_second", "1s"), ("hardly_ever", "3600s"))
        for name, interval in intervals if number % 2 == 0 else reversed(intervals):
            folder = bench.folder / "books"
            copy_folder(full, folder)
            with bench.service(folder, **world.urls(), SHUTDOWN_NOTICE="0", BOOKS_INTERVAL=interval) as service:
                landings = Landings(service)
                for target in ("primary", "secondary"):
                    landings.wait(accepted, target)
                done[name] = accepted / max(1e-3, cpu_seconds(service.pid)[0])
            world.heal()
            bench.forget(folder)
            figures[name].append(done[name])
        ratio = done["every_second"] / done["hardly_ever"]
        figures["ratio"].append(ratio)
        # CPU an event is 1 / that; of what a second's counts add, the default interval adds its thirtieth.
        figures["ratio_by_default"].append(1 / (1 + (1 / ratio - 1) / BOOKS_SECONDS_BY_DEFAULT))
    bench.forget(full)
    return {name: summary(values) for name, values in figures.items()}


def isolation(bench):
    with World(bench) as world:
        figures = {"disk_full_by": world.disk.how, "fixed_per_second": FIXED_EVENTS_PER_SECOND, "rounds": bench.options.isolation_rounds}
        template = Template(bench, world, bench.options.owed_events)
        runs, ratios = rounds(bench, world, template)
        figures["states"] = {state: {name: summary([run[name] for run in each]) for name in each[0]} for state, each in runs.items()}
        figures["ratios"] = {state: {other: {name: summary(values) for name, values in pair.items()} for other, pair in pairs.items()}
                             for state, pairs in ratios.items()}
        figures["catch_up"] = catch_up(bench, world, template)
        figures["books"] = books(bench, world)
    return figures
