"""What a million events cost in calls, statements, bytes and log, by way of queue and warehouse and by how busy it is; beside it the predecessor's
one statement an event, measured (--peer FOLDER) or computed. Counted by relays and the stand-ins; docs/cost.md makes money of it."""

import sys
import time

from aws_world import peer_folder
from cost_world import CostWorld, queue_is_empty, send
from processes import BenchError

SETTLE_SECONDS_MAX = 60
LOOK_SECONDS = 0.05
FIRST_AUDIT_OVER_SECONDS = 45
# The predecessor as published: one statement an event, a look at it every 2 s, and a real Redshift has never finished at the first.
COMPUTED_CALLS = {"sqs.SendMessage": 1.0, "sqs.DeleteMessage": 1.0, "redshift-data.ExecuteStatement": 2.0, "redshift-data.DescribeStatement": 4.0}
RECEIVE_MAX = 10
POLL_SECONDS = 5.0


def profiles(options):
    """Name -> events, events a second (0: as fast as they are taken), seconds. Without events is last: then nothing is left to do."""
    found = {f"{rate}/s": (rate * options.cost_seconds, rate, options.cost_seconds) for rate in options.cost_rates}
    return {**found, "burst": (options.cost_events, 0, 0), "idle": (0, 0, options.cost_seconds)}


class Run:
    """One service under every profile. `count`: a snapshot of all counts; `landed`: events on both sides; `settled`: nothing is left to delete."""

    def __init__(self, bench, service, count, landed, settled):
        self.bench, self.service, self.count, self.landed, self.settled = bench, service, count, landed, settled
        self.seed, self.events, self.begun = 1000, 0, time.monotonic()

    def post(self, events, rate=0):
        self.seed += 1
        send(self.bench, self.service.url, events, rate, self.seed)
        self.events += events
        self.wait(lambda: self.landed() >= self.events, f"{self.events} events on both sides")
        self.wait(self.settled, "the queue to be empty", SETTLE_SECONDS_MAX)

    def wait(self, condition, what, seconds=600):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise BenchError(f"waited {seconds} s in vain for {what}; the log ends:\n{self.service.log_tail()}")
            time.sleep(LOOK_SECONDS)

    def measure(self, events, rate, seconds):
        before, begin = self.count(), time.monotonic()
        if events:
            self.post(events, rate)
        else:
            time.sleep(seconds)
        return {"events": events, "seconds": round(time.monotonic() - begin, 1), "counts": self.count().since(before)}

    def all(self, wanted):
        self.post(1)  # connected, the tables read: that is once a start
        if list(wanted) == ["idle"]:  # so is the first audit, which no row is to be multiplied by
            time.sleep(max(0.0, self.begun + FIRST_AUDIT_OVER_SECONDS - time.monotonic()))
        figures = {}
        for name, profile in wanted.items():
            figures[name] = self.measure(*profile)
            print(f"bench: cost:   {name}: {figures[name]['seconds']} s", file=sys.stderr, flush=True)
        return figures


def ours(bench, world, database, settings, queue, only=None):
    with bench.service(**settings) as service:
        run = Run(bench, service, lambda: world.snapshot(database, service.log_path, queue), lambda: world.aws.landed(database),
                  lambda: not queue or queue_is_empty(world, database))
        return run.all({name: profile for name, profile in profiles(bench.options).items() if only in (None, name)})


def measured_predecessor(bench, world, peer):
    database, service = world.predecessor(bench, peer)
    with service:
        run = Run(bench, service, lambda: world.snapshot(database, service.log_path), lambda: world.aws.landed(database),
                  lambda: queue_is_empty(world, database))
        return run.all({name: (min(events, bench.options.cost_events // 10), rate, seconds) for name, (events, rate, seconds) in
                        profiles(bench.options).items()})


def computed_predecessor(options):
    """As published, without bytes and log: marked as computed wherever it is shown."""
    figures = {}
    for name, (events, rate, seconds) in profiles(options).items():
        polls = seconds / POLL_SECONDS if rate == 0 and not events else events / (min(RECEIVE_MAX, max(1.0, rate * POLL_SECONDS)) if rate else RECEIVE_MAX)
        calls = {f"calls.{name}": round(events * each) for name, each in COMPUTED_CALLS.items() if events}
        figures[name] = {"events": events, "seconds": seconds, "counts": {**calls, "calls.sqs.ReceiveMessage": round(polls), "statements": 2 * events}}
    return figures


def cost(bench):
    peer = peer_folder(bench.options.peer) if bench.options.peer else None
    figures, lost = {}, []

    def ask(name, measure):
        print(f"bench: cost: {name} ...", file=sys.stderr, flush=True)
        try:
            figures[name] = measure()
        except BenchError as error:  # the other ways' figures took minutes, and stand without it
            print(f"bench: cost: {name}: {error}", file=sys.stderr)
            lost.append(name)

    with CostWorld() as world:
        ask("SQS + Data API", lambda: ours(bench, world, *world.by_data_api(bench), True))
        ask("SQS, 20 a message + Data API", lambda: ours(bench, world, *world.by_data_api(bench, SQS_EVENTS_PER_MESSAGE="20"), True))
        ask("SQS + Data API, BOOKS_INTERVAL=1h", lambda: ours(bench, world, *world.by_data_api(bench, BOOKS_INTERVAL="3600s"), True, only="idle"))
        ask("SQS + wire (Redshift)", lambda: ours(bench, world, *world.by_wire(True), True))
        ask("embedded + PostgreSQL", lambda: ours(bench, world, *world.by_wire(False), False))
        if peer:
            ask("Node, measured", lambda: measured_predecessor(bench, world, peer))
        world.check_against_stand_ins()
    figures["Node, computed"] = computed_predecessor(bench.options)
    return {"ways": figures, **({"failed": f"no figures for {', '.join(lost)}"} if lost else {})}
