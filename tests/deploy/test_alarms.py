"""The alarms of deploy/alarms.csv: each has a rule, a page and a test that provokes it; rules and dashboard speak of metrics that there are."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import alarms_parts as parts
import yaml

PROMTOOL_SECONDS_MAX = 120


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=PROMTOOL_SECONDS_MAX, check=False)


@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (Debian: prometheus)")
class Promtool(unittest.TestCase):
    def expect_sound(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def check_expressions(self, expressions):
        """As the rules of a throw-away file: promtool parses nothing else."""
        with tempfile.TemporaryDirectory(prefix="twinshift-test-") as folder:
            path = os.path.join(folder, "expressions.yml")
            rules = [{"record": f"expression:{number}", "expr": each} for number, each in enumerate(expressions)]
            with open(path, "w", encoding="utf-8") as file:
                yaml.safe_dump({"groups": [{"name": "expressions", "rules": rules}]}, file)
            return promtool("check", "rules", path)

    def test_the_rules_parse(self):
        self.expect_sound(promtool("check", "rules", parts.RULES))

    def test_the_example_configuration_parses(self):
        self.expect_sound(promtool("check", "config", "--syntax-only", parts.ROOT / "deploy" / "prometheus" / "prometheus.yml"))

    def test_each_alarm_fires_when_provoked_and_not_otherwise(self):
        self.expect_sound(promtool("test", "rules", parts.RULES_TEST))

    def test_the_dashboards_expressions_parse(self):
        self.expect_sound(self.check_expressions([parts.without_variables(each) for each in parts.dashboard_expressions()]))
        self.assertNotEqual(self.check_expressions(["rate(up"]).returncode, 0, "and this check can fail")


class Coverage(unittest.TestCase):
    def test_there_is_one_rule_for_each_alarm(self):
        alerts = parts.alerts()
        self.assertEqual(set(alerts), {f"Twinshift{name}" for name in parts.alarms()})
        for name, row in parts.alarms().items():
            alert = alerts[f"Twinshift{name}"]
            self.assertEqual(alert["labels"], {"severity": row["severity"]}, name)
            self.assertEqual(set(alert["annotations"]), {"summary", "description", "runbook"}, name)
            self.assertEqual(alert["annotations"]["runbook"], f"docs/operations.md#{name.lower()}")

    def test_each_alarm_has_a_test_that_provokes_it(self):
        self.assertEqual(parts.provoked(), set(parts.alerts()))

    def test_each_alarm_has_its_paragraph(self):
        page = (parts.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        section = page[page.index("\n## Alarms\n"):]
        self.assertEqual(re.findall(r"^### (\w+)$", section, re.MULTILINE), list(parts.alarms()), "in the order of the list")


class Names(unittest.TestCase):
    def setUp(self):
        self.metrics = parts.page_metrics()

    def faults(self, expression):
        return parts.faults_of_expression(expression, self.metrics)

    def test_rules_ask_for_what_there_is(self):
        self.assertEqual([fault for rule in parts.rules() for fault in self.faults(rule["expr"])], [])
        recorded = {rule["record"] for rule in parts.rules() if "record" in rule}
        used = {name for rule in parts.alerts().values() for name in re.findall(r"twinshift:[\w:]+", rule["expr"])}
        self.assertEqual(used - recorded, set())

    def test_the_dashboard_asks_for_what_there_is(self):
        expressions = parts.dashboard_expressions()
        self.assertGreater(len(expressions), 30)
        self.assertEqual([fault for each in expressions for fault in self.faults(each)], [])

    def test_what_there_is_not_is_found(self):
        for wrong in ("twinshift_nothing > 0", 'up{target="primary"} == 0', 'twinshift_books_missing{side="owed"} > 0', "sum by (kind) (twinshift_books_missing)",
                      "twinshift_target_commit_duration_seconds > 1", 'process_open_fds{target="primary"}'):
            self.assertEqual(len(self.faults(wrong)), 1, wrong)


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.board = parts.dashboard()
        self.panels = self.board["panels"]

    def test_it_is_one_that_grafana_9_reads_with_any_data_source(self):
        self.assertGreaterEqual(self.board["schemaVersion"], 36)
        variables = {each["name"]: each["type"] for each in self.board["templating"]["list"]}
        self.assertEqual(variables, {"datasource": "datasource", "instance": "query"})
        sources = [each["datasource"] for panel in self.panels if panel["type"] != "row" for each in (panel, *panel["targets"])]
        self.assertEqual([each for each in sources if each != {"type": "prometheus", "uid": "${datasource}"}], [])

    def test_panels_stand_side_by_side(self):
        self.assertEqual(len({panel["id"] for panel in self.panels}), len(self.panels))
        taken = set()
        for panel in self.panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertEqual(taken & cells, set(), panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            taken |= cells


if __name__ == "__main__":
    unittest.main()
