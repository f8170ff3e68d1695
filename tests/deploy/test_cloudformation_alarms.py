"""alarms.yaml against deploy/alarms.csv, docs/metrics.md and what CloudWatch takes."""
import csv
import json
import re
import unittest

import cfn_cases as cases
from cfn_template import ROOT

NOT_IN_CLOUDWATCH = {"OpenFiles": "no figure of the process is in the EMF lines; Prometheus has process_open_fds"}
OF_AWS = {("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
          ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"), ("AWS/CertificateManager", "DaysToExpiry")}
GIVEN = {"CertificateId": cases.ID, "PageTopicName": "page", "TicketTopicName": "ticket"}
# Proofs and losses: a restart has no figures until the next count or audit, and must not clear them.
KEPT_WHILE_UNKNOWN = {"BooksMissing", "ParityLag", "WarehousesDifferent"}


def listed():
    with open(ROOT / "deploy" / "alarms.csv", encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def alarms(given=None):
    resources = cases.stack("alarms", GIVEN if given is None else given).resources
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}


def sources(alarm):
    """The metrics that an alarm asks for, each as CloudWatch names it."""
    if "Metrics" not in alarm:
        return [alarm]
    return [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]


def metrics_of_the_page():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    section = page[page.index("## CloudWatch"):]
    rows = re.findall(r"^\| (`Service`(?:, `Target`)?) \| (.*) \|$", section, re.MULTILINE)
    return {(dimensions.replace("`", "").replace(" ", ""), name) for dimensions, names in rows for name in re.findall(r"`([A-Z][A-Za-z0-9]+)`", names)}


def dashboard():
    return json.loads(cases.stack("alarms", GIVEN).resources["Dashboard"]["Properties"]["DashboardBody"])


class Alarms(unittest.TestCase):
    def test_each_of_the_list_and_no_other(self):
        self.assertEqual(set(alarms()) | set(NOT_IN_CLOUDWATCH), set(listed()))
        self.assertEqual(set(alarms()) & set(NOT_IN_CLOUDWATCH), set())
        text = (ROOT / "deploy" / "cloudformation" / "alarms.yaml").read_text(encoding="utf-8")
        for name in NOT_IN_CLOUDWATCH:
            self.assertRegex(text, rf"(?m)^# {name} is missing: ")

    def test_names_and_pages(self):
        for name, alarm in alarms({**GIVEN, "AlarmPrefix": "appsflyer"}).items():
            self.assertEqual(alarm["AlarmName"], f"appsflyer-{name}")
            self.assertTrue(alarm["AlarmDescription"].endswith(f" docs/operations.md#{name.lower()}"), alarm["AlarmDescription"])
            self.assertGreater(len(alarm["AlarmDescription"].split(".")[0]), 15)

    def test_their_paragraphs_exist(self):
        page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        if "\n## Alarms\n" not in page:
            self.skipTest("docs/operations.md has no section Alarms yet: the links were not followed")
        headings = {f"docs/operations.md#{name.lower()}" for name in re.findall(r"^### ([A-Za-z]+)$", page, re.MULTILINE)}
        for name, alarm in alarms().items():
            self.assertIn(alarm["AlarmDescription"].split()[-1], headings, name)

    def test_whom_they_tell(self):
        for name, alarm in alarms().items():
            topic = [f"arn:aws:sns:eu-west-1:123456789012:{listed()[name]['severity']}"]
            self.assertEqual((alarm["AlarmActions"], alarm["OKActions"]), (topic, topic), name)
        for name, alarm in alarms({}).items():
            self.assertEqual(alarm["AlarmActions"], [], name)

    def test_what_missing_figures_mean(self):
        for name, alarm in alarms().items():
            meant = "breaching" if name == "NotRunning" else "ignore" if name in KEPT_WHILE_UNKNOWN else "notBreaching"
            self.assertEqual(alarm["TreatMissingData"], meant, name)

    def test_every_metric_exists(self):
        known = metrics_of_the_page()
        self.assertGreater(len(known), 25, "the page was not read")
        for name, alarm in alarms().items():
            self.assertTrue(sources(alarm), name)
            for metric in sources(alarm):
                dimensions = ",".join(one["Name"] for one in metric["Dimensions"])
                if metric["Namespace"] == "Twinshift":
                    self.assertIn((dimensions, metric["MetricName"]), known, name)
                    self.assertEqual(metric["Dimensions"][0]["Value"], "twinshift", name)
                    self.assertIn(metric["Dimensions"][-1]["Value"], ("twinshift", "primary", "secondary"), name)
                else:
                    self.assertIn((metric["Namespace"], metric["MetricName"]), OF_AWS, name)

    def test_the_service_is_the_one_that_the_program_writes(self):
        self.assertIn('kEmfService = "twinshift"', (ROOT / "src" / "app" / "emf.hpp").read_text(encoding="utf-8"))

    def test_sums_use_what_they_ask_for_and_nothing_else(self):
        for name, alarm in alarms().items():
            metrics = {one["Id"]: one for one in alarm.get("Metrics", [])}
            if not metrics:
                continue
            asked = set(metrics) - {"result"}
            self.assertEqual([one for one in metrics if metrics[one]["ReturnData"]], ["result"], name)
            words = set(re.findall(r"\b[a-z]+\b", metrics["result"]["Expression"]))
            self.assertEqual(words or asked, asked, name)
            self.assertEqual("METRICS()" in metrics["result"]["Expression"], not words, name)

    def test_times_are_those_of_the_list(self):
        def minutes(alarm):
            periods = {alarm.get("Period")} | {one["MetricStat"]["Period"] for one in alarm.get("Metrics", []) if "MetricStat" in one}
            (period,) = periods - {None}
            return alarm["EvaluationPeriods"] * period / 60

        found = alarms()
        self.assertEqual({name: minutes(found[name]) for name in ("NotRunning", "PrimaryNotLanding", "PrimaryInsertionFailures",
                                                                 "SecondaryInsertionFailures", "BooksNotCounted")},
                         {"NotRunning": 10, "PrimaryNotLanding": 15, "PrimaryInsertionFailures": 15, "SecondaryInsertionFailures": 15,
                          "BooksNotCounted": 60})
        self.assertEqual({name: found[name]["Threshold"] for name in ("SecondaryBacklogOld", "SecondaryBacklogBudget", "QueueOld", "ParityLag",
                                                                     "CertificateExpires", "PrimaryInsertionFailures")},
                         {"SecondaryBacklogOld": 3600, "SecondaryBacklogBudget": 3600, "QueueOld": 900, "ParityLag": 7200, "CertificateExpires": 14,
                          "PrimaryInsertionFailures": 5})
        # CloudWatch looks back a day, or a week where a period is an hour and more.
        self.assertTrue(all(minutes(alarm) <= 24 * 60 for alarm in found.values()))

    def test_without_a_certificate_there_is_none_to_watch(self):
        self.assertNotIn("CertificateExpires", alarms({}))


class Dashboard(unittest.TestCase):
    def test_its_metrics_exist(self):
        known = metrics_of_the_page()
        for widget in dashboard()["widgets"]:
            for namespace, metric, *rest in widget["properties"]["metrics"]:
                names = ",".join(part for part in rest[:4:2] if isinstance(part, str))
                found = (namespace, metric) in OF_AWS if namespace.startswith("AWS/") else (names, metric) in known
                self.assertTrue(found, (namespace, metric, rest))

    def test_it_shows_what_the_guide_asks_for(self):
        shown = {metric for widget in dashboard()["widgets"] for _, metric, *_ in widget["properties"]["metrics"]}
        wanted = {"RowsInserted", "InsertionFailures", "LatencyDifference", "BacklogEvents", "ApproximateAgeOfOldestMessage",
                  "ApproximateNumberOfMessagesVisible", "BooksMissing", "ParityLag", "QuarantineRecords"}
        self.assertEqual(wanted - shown, set())

    def test_widgets_stand_beside_each_other(self):
        places = [(widget["x"], widget["y"]) for widget in dashboard()["widgets"]]
        self.assertEqual(len(places), len(set(places)))
        self.assertTrue(all(widget["x"] + widget["width"] <= 24 for widget in dashboard()["widgets"]))


if __name__ == "__main__":
    unittest.main()
