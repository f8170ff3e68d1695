"""The soak's senders: events from a seed, some of them sent again; they remember what was answered."""

import json
import random
import threading
import time
from http.client import HTTPException

from harness import PATIENCE_SECONDS

SENDERS = 3
USUAL_PER_SECOND = 80  # of each sender
RESEND_SHARE = 0.08
DAY_SECONDS = 86_400
FIRST_DAY = 1_735_689_600  # 2025-01-01


class Load:
    """`service()` gives the service of the moment, or None while there is none. `per_second` may be set at any time; 0 pauses."""

    def __init__(self, seed, service):
        self.service = service
        self.per_second = USUAL_PER_SECOND
        self.acknowledged, self.doubtful, self.resent, self.statuses = set(), set(), 0, {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(seed, n), daemon=True) for n in range(SENDERS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _run(self, seed, sender):
        dice = random.Random(f"load-{seed}-{sender}")
        sent, number = [], 0
        while not self._stopping.is_set():
            rate = self.per_second
            if rate == 0 or self.service() is None:
                self._stopping.wait(0.02)
                continue
            if sent and dice.random() < RESEND_SHARE:
                event, again = shuffled(dice.choice(sent), dice), True
            else:
                number += 1
                event, again = make_event(f"soak-{seed}-{sender}-{number}", dice), False
                sent.append(event)
                if len(sent) > 5000:
                    del sent[dice.randrange(len(sent))]
            self._note(event["appsflyer_id"], self._post(event), again)
            self._stopping.wait(dice.expovariate(rate))

    def _post(self, event):
        try:
            return self.service().post(json.dumps(event), timeout=10).status
        except (OSError, HTTPException, AttributeError):  # killed in the middle, or between looking and sending
            time.sleep(0.01)
            return 0

    def _note(self, name, status, again):
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.resent += again
            if status == 200:
                self.acknowledged.add(name)
            else:
                self.doubtful.add(name)  # it may stand there, once: the write may have gone on without us


def make_event(name, dice):
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(FIRST_DAY + dice.randrange(7 * DAY_SECONDS)))
    size = dice.choice((0, 20, 200, 200, 2000, 2000, 20_000))
    return {"appsflyer_id": name, "event_name": dice.choice(("purchase", "login", "install")), "event_time": at, "app_id": "com.soak.app",
            "event_revenue": f"{dice.randrange(100_000) / 100:.2f}", "event_value": "v" * size, "soak_number": dice.randrange(1 << 40)}


def shuffled(event, dice):
    """The same event, its members in another order: byte for byte different, one identity."""
    members = list(event.items())
    dice.shuffle(members)
    return dict(members)
