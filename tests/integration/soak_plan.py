"""What a soak does to the service and its two servers, and when: all of it from a seed. The plan is pure data; soak_world.py carries it out."""

import random

GAP_SECONDS = (0.3, 4.0)  # between the beginnings of two troubles

# kind: (how often among all, what it takes hold of, shortest and longest seconds). Two troubles never have hold of the same thing at once.
# The primary is only ever cut shortly: what it owes waits in the queue alone.
KINDS = {
    "kill service": (5, "service", 0.0, 2.0),
    "stop service": (2, "service", 0.0, 1.0),
    "kill secondary": (2, "secondary", 0.2, 8.0),
    "freeze secondary": (2, "secondary", 0.5, 12.0),
    "refuse secondary": (3, "secondary", 0.5, 10.0),
    "black hole secondary": (2, "secondary", 0.5, 12.0),
    "held black hole secondary": (2, "secondary", 0.5, 12.0),
    "slow secondary": (2, "secondary", 1.0, 8.0),
    "cut secondary": (3, "secondary", 0.0, 0.5),
    "cut secondary before its commit": (2, "secondary", 0.0, 0.5),
    "cut secondary after its commit": (2, "secondary", 0.0, 0.5),
    "refuse primary": (2, "primary", 0.2, 2.0),
    "black hole primary": (1, "primary", 0.2, 2.0),
    "held black hole primary": (1, "primary", 0.2, 2.0),
    "kill primary": (1, "primary", 0.2, 1.5),
    "cut primary": (2, "primary", 0.0, 0.3),
    "cut primary after its commit": (2, "primary", 0.0, 0.3),
    "no load": (2, "load", 0.5, 4.0),
    "heavy load": (2, "load", 0.5, 3.0),
}


class Trouble:
    """From `begin` to `end`, in seconds since the load began. `number`: a random one, for what the kind needs."""

    def __init__(self, kind, begin, end, number):
        self.kind, self.begin, self.end, self.number = kind, begin, end, number
        self.holds = KINDS[kind][1]

    def __str__(self):
        return f"{self.begin:7.1f} s  {self.kind}, {self.end - self.begin:.1f} s"


def make_plan(seed, seconds):
    """Troubles by their beginning; all end within `seconds`."""
    dice = random.Random(f"plan-{seed}")
    free_at = {holds: 1.0 for _, holds, _, _ in KINDS.values()}
    kinds, weights = list(KINDS), [often for often, _, _, _ in KINDS.values()]
    plan, now = [], 0.0
    while True:
        now += dice.uniform(*GAP_SECONDS)
        kind = dice.choices(kinds, weights)[0]
        _, holds, shortest, longest = KINDS[kind]
        begin = max(now, free_at[holds])
        end = begin + dice.uniform(shortest, longest)
        number = dice.randrange(1, 1 << 30)
        if now >= seconds:
            return sorted(plan, key=lambda trouble: trouble.begin)
        if end < seconds:
            plan.append(Trouble(kind, begin, end, number))
            free_at[holds] = end + dice.uniform(0.5, 4.0)
