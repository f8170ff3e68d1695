"""A real Prometheus beside the real service, with the alarms' rules in a hurry: every duration a small part of what it is."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import alarms_parts as parts
import yaml
from harness import PATIENCE_SECONDS, wait_until

HURRY = 300  # 15 minutes are 3 s, an hour is 12 s
SCRAPE = "250ms"  # no oftener: the service gives the same figures again
ASKING_SECONDS_MAX = 10
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000}
AGES_SECONDS = ("3600", "7200", "900")  # what the rules hold an age against


def in_a_hurry(text):
    """The rules' text with `for:`, windows and ages shortened."""
    def shorter(found):
        return f"{found[1]}{int(found[2]) * UNIT_MS[found[3]] // HURRY}ms"
    text = re.sub(r"(\bfor: |\[)(\d+)([smh])\b", shorter, text)
    return re.sub(rf"([<>] )({'|'.join(AGES_SECONDS)})\b", lambda found: f"{found[1]}{int(found[2]) / HURRY:g}", text)


class Prometheus:
    """One process, with its files in `folder`; what it scrapes may change while it runs."""

    def __init__(self, folder):
        self.folder = folder
        self.targets = {}
        self._write("rules.yml", in_a_hurry(parts.RULES.read_text(encoding="utf-8")))
        self._write("prometheus.yml", yaml.safe_dump({
            "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "twinshift", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}]}))
        self._write_targets()
        self.process = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--web.listen-address=127.0.0.1:0"],
                                        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.log = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.port = wait_until(self._listening, "Prometheus to listen")

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def _listening(self):
        found = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', "".join(self.log))
        if self.process.poll() is not None:
            raise AssertionError("Prometheus ended: " + "".join(self.log[-5:]))
        return int(found[1]) if found else None

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)  # never half a file

    def _write_targets(self):
        self._write("targets.json", json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in self.targets.items()]))

    def watch(self, name, port):
        self.targets[name] = port
        self._write_targets()
        self.wait_scrapes(name, 2)

    def forget(self, name):
        self.targets.pop(name, None)
        self._write_targets()

    def _get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=ASKING_SECONDS_MAX) as answer:
            return json.load(answer)["data"]

    def firing(self, name):
        return {each["labels"]["alertname"].removeprefix("Twinshift") for each in self._get("alerts")["alerts"]
                if each["state"] == "firing" and each["labels"].get("instance") == name}

    def scrapes(self, name):
        query = urllib.parse.quote(f'sum(sum_over_time(up{{instance="{name}"}}[1h]))')
        return sum(float(each["value"][1]) for each in self._get(f"query?query={query}")["result"])

    def wait_scrapes(self, name, more):
        """Until `name` has answered so many more scrapes."""
        until = self.scrapes(name) + more
        wait_until(lambda: self.scrapes(name) >= until, f"{more} scrapes of {name}")

    def wait_firing(self, name, *alarms, meanwhile=lambda: None):
        """Until all of these fire, at whatever moment each does; `meanwhile` is done before each asking."""
        seen = set()

        def look():
            meanwhile()
            seen.update(self.firing(name))
            return seen >= set(alarms)
        try:
            wait_until(look, "alarms")
        except AssertionError:
            raise AssertionError(f"{set(alarms) - seen} did not fire within {PATIENCE_SECONDS} s; fired: {seen}") from None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        self.process.stderr.close()
