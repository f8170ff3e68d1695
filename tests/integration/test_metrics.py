"""`/metrics` and the lines for CloudWatch on the real binary, held against docs/metrics.md."""

import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import threading
import unittest

from harness import GUIDE_EVENT, PATIENCE_SECONDS, ServiceTest, wait_until

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def documented():
    """name -> (type, labels, whether it may have no value yet)"""
    rows = re.findall(r"^\| `(\w+)`( †)? \| (gauge|counter|histogram) \| (.*?) ?\| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels)), bool(later)) for name, later, kind, labels in rows}


def scraped(text):
    """name -> (type, labels, whether it has samples); the format's own rules are checked on the way."""
    families, labels, samples = {}, {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in families, f"{name} begins twice"
            families[name], current = kind, name
            labels[name] = set()
        elif line and not line.startswith("#"):
            found = re.fullmatch(r'([a-z_]+)(?:\{(.*)\})? (\S+)', line)
            assert found, line
            assert found[1].removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in (current, current.removesuffix("_count")) or found[1] == current, line
            float(found[3])
            samples.add(current)
            labels[current] |= set(re.findall(r'(\w+)="', found[2] or "")) - {"le"}
    return {name: (kind, frozenset(labels[name]), name in samples) for name, kind in families.items()}


class Metrics(ServiceTest):
    def scrape(self, service):
        answer = service.request("GET", "/metrics")
        self.assertEqual(answer.status, 200)
        return answer.body.decode()

    def value(self, service, sample):
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.scrape(service), re.MULTILINE)
        return float(found[1]) if found else None

    def test_the_page_and_the_first_scrape_are_in_step(self):
        pages = documented()
        self.assertGreater(len(pages), 50)
        first = scraped(self.scrape(self.start()))
        self.assertEqual(set(first), set(pages), "declared from the first scrape on")
        with_samples = {name: family for name, family in first.items() if family[2]}
        self.assertEqual({name: (*pages[name][:2], True) for name in with_samples}, with_samples, "types and labels")
        self.assertEqual({name for name, (_, _, later) in pages.items() if not later} - set(with_samples), set(), "samples from the first scrape on")

    def test_every_family_is_declared_whatever_is_configured(self):
        pages = documented()
        of_delivery = ("twinshift_target_", "twinshift_quarantine_", "twinshift_backlog_", "twinshift_books_")
        of_comparing = ("twinshift_audit_", "twinshift_parity_")
        for settings, without in (({"ENABLE_SQS_CONSUMER": "false"}, of_delivery + of_comparing),
                                  ({"SECONDARY_REDSHIFT_ENABLED": "false", "PRIMARY_WAREHOUSE_URL": "sqlite:data/one.db"}, ("twinshift_backlog_", *of_comparing))):
            service = self.start(settings)
            first = scraped(self.scrape(service))
            self.assertEqual({name: kind for name, (kind, _, _) in first.items()}, {name: kind for name, (kind, _, _) in pages.items()}, settings)
            bare = {name for name, (_, _, samples) in first.items() if not samples}
            silent = {name for name in pages if name.startswith(without)}
            self.assertEqual(silent - bare, set(), settings)
            self.assertEqual(bare - silent - {name for name, (_, _, later) in pages.items() if later}, set(), settings)
            service.stop()

    def test_what_comes_later_is_on_the_page_too(self):
        service = self.start({"BOOKS_INTERVAL": "1s", "AUDIT_INTERVAL": "1"})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        late = {"twinshift_books_missing", "twinshift_books_events", "twinshift_target_last_commit_timestamp_seconds"}

        def with_samples():
            return {name: (kind, labels) for name, (kind, labels, samples) in scraped(self.scrape(service)).items() if samples}
        wait_until(lambda: late <= set(with_samples()), "books in the metrics")
        pages = documented()
        for name, family in with_samples().items():
            self.assertEqual(pages[name][:2], family, name)

    def test_what_happens_is_counted(self):
        service = self.start()
        for number in range(20):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"m{number}")).status, 200)
        self.assertEqual(service.post("no json").status, 400)
        service.wait_landed(20)
        wait_until(lambda: self.value(service, 'twinshift_target_rows_total{target="secondary"}') == 20, "rows")
        self.assertEqual(self.value(service, 'twinshift_intake_requests_total{outcome="accepted"}'), 20)
        self.assertEqual(self.value(service, 'twinshift_intake_refused_total{reason="body"}'), 1)
        self.assertEqual(self.value(service, "twinshift_intake_duration_seconds_count"), 20)
        self.assertGreaterEqual(self.value(service, 'twinshift_target_commits_total{target="primary"}'), 1)
        self.assertGreater(self.value(service, "process_resident_memory_bytes"), 1_000_000)

    def test_many_scrapes_at_once_are_answered(self):
        service = self.start()
        answers = []

        def scrape():
            for _ in range(100):
                answers.append(service.request("GET", "/metrics").status)

        scrapers = [threading.Thread(target=scrape) for _ in range(10)]
        for each in scrapers:
            each.start()
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        for each in scrapers:
            each.join()
        self.assertEqual(answers, [200] * 1_000)

    def test_cloudwatch_lines_stand_among_the_logs(self):
        service = self.start({"METRICS_EMF": "true", "METRICS_EMF_INTERVAL": "1", "METRICS_NAMESPACE": "Test/Space", "AUDIT_INTERVAL": "1", "BOOKS_INTERVAL": "1s"})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        service.wait_landed(1)
        line = service.wait_log(lambda each: each.get("IntakeAccepted") == 1, "a line of the service")
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        self.assertEqual((directive["Namespace"], directive["Dimensions"]), ("Test/Space", [["Service"]]))
        line = service.wait_log(lambda each: each.get("Target") == "secondary" and each.get("RowsInserted") == 1, "a line of the secondary")
        self.assertEqual((line["InsertionSuccessRate"], line["ErrorRate"]), (100, 0))
        page = PAGE.read_text(encoding="utf-8")
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            self.assertIn(f"`{metric['Name']}`", page)
            self.assertIsInstance(line[metric["Name"]], (int, float))
        self.assertEqual(line["QuarantineRecords"], 0)
        service.wait_log(lambda each: each.get("BooksCounted") == 1, "a line after a count")
        self.assertNotIn(json.dumps(GUIDE_EVENT["appsflyer_id"]), json.dumps(line))
        line = service.wait_log(lambda each: "AuditDifferences" in each, "a line after an audit")
        self.assertEqual(line["AuditDifferences"], 0)
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            self.assertIn(f"`{metric['Name']}`", page)

    def test_what_lands_during_a_stop_is_in_the_last_cloudwatch_lines(self):
        service = self.start({"METRICS_EMF": "true", "METRICS_EMF_INTERVAL": "3600"})
        self.assertEqual(service.post(GUIDE_EVENT).status, 200)
        # A row is in the file a moment before its batch is out of hand; the second must not be taken for the first.
        wait_until(lambda: self.value(service, 'twinshift_target_rows_total{target="primary"}') == 1, "the first event's count")
        wait_until(lambda: self.value(service, 'twinshift_target_in_hand_events{target="primary"}') == 0, "empty hands")
        lock = sqlite3.connect(service.warehouse("primary"), timeout=PATIENCE_SECONDS, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")  # the batch is on its way until this ends
        self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id="late")).status, 200)
        wait_until(lambda: self.value(service, 'twinshift_target_in_hand_events{target="primary"}') == 1, "the event at the primary")
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: self.port_is_closed(service), "the port to close")
        self.assertEqual([line for line in service.lines if "_aws" in line], [], "not before delivery has ended")
        lock.execute("ROLLBACK")
        lock.close()
        self.assertEqual(service.wait_exit(), 0)
        (last,) = [line for line in service.lines if line.get("Target") == "primary"]
        self.assertEqual(last["RowsInserted"], 2)

    def test_counters_and_cloudwatch_go_on_across_reloads(self):
        self.write_switch("true")
        service = self.start({"METRICS_EMF": "true", "METRICS_EMF_INTERVAL": "3600", "SECONDARY_REDSHIFT_ENABLED": ""})
        landed = {"primary": 0, "secondary": 0}
        for number, on in enumerate(("true", "false", "true", "false", "true", "false")):
            self.assertEqual(service.post(dict(GUIDE_EVENT, appsflyer_id=f"reload-{number}")).status, 200)
            for target in (("primary", "secondary") if on == "true" else ("primary",)):
                landed[target] += 1
            self.wait_counted(service, landed)
            switched = "false" if on == "true" else "true"
            self.write_switch(switched)
            seen = len(service.lines)
            service.process.send_signal(signal.SIGHUP)
            told = f"Reloaded: SECONDARY_REDSHIFT_ENABLED {on} -> {switched}"
            wait_until(lambda seen=seen, told=told: any(each.get("msg") == told for each in service.lines[seen:]), told)
        self.wait_counted(service, landed)
        commits = 'twinshift_target_commit_duration_seconds_count{target="primary"}'
        self.assertEqual(self.value(service, commits), landed["primary"])
        self.assertEqual(service.stop(), 0)
        for target, rows in landed.items():
            self.assertEqual(sum(line["RowsInserted"] for line in service.lines if line.get("Target") == target), rows)

    def write_switch(self, on):
        with open(os.path.join(self.folder, ".env"), "w", encoding="utf-8") as file:
            file.write(f"SECONDARY_REDSHIFT_ENABLED={on}\n")

    def wait_counted(self, service, landed):
        for target, rows in landed.items():
            name = f'twinshift_target_rows_total{{target="{target}"}}'
            wait_until(lambda name=name, rows=rows: self.value(service, name) == rows, f"{rows} rows of the {target}")
            self.assertEqual(service.count(target), rows)

    @staticmethod
    def port_is_closed(service):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", service.port)) != 0


if __name__ == "__main__":
    unittest.main()
