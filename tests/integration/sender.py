"""Load for the tests of failures."""

import threading
import time

from harness import GUIDE_EVENT, PATIENCE_SECONDS, wait_until


class Sender:
    """Posts events on a few threads until told to stop; remembers which were acknowledged."""

    def __init__(self, service, prefix, threads=4, pad=2000):
        self.service, self.prefix, self.pad = service, prefix, pad
        self.acknowledged = []
        self.statuses = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(threads)]
        for t in self.threads:
            t.start()

    def run(self, n):
        i = 0
        while not self.stopping.is_set():
            name = f"{self.prefix}-{n}-{i}"
            i += 1
            try:
                status = self.service.post(dict(GUIDE_EVENT, appsflyer_id=name, event_value="x" * self.pad), timeout=10).status
            except Exception:  # the service was killed in the middle
                status = 0
                time.sleep(0.01)
            with self.lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 200:
                    self.acknowledged.append(name)

    def wait_acknowledged(self, count):
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} acknowledged events")

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(PATIENCE_SECONDS)
        return list(self.acknowledged)
