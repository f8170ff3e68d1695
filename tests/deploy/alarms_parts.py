"""What stands in deploy/ about alarms: read for the tests, and the faults that an expression may have against docs/metrics.md."""

import csv
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "twinshift.rules.yml"
RULES_TEST = pathlib.Path(__file__).resolve().parent / "alarms.rules.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "twinshift.json"

OF_PROMETHEUS = {"up"}  # made by the scrape itself
OF_THE_SCRAPE = {"job", "instance"}  # labels that every series has
SERIES = re.compile(r"(?<![\w:$\"])((?:twinshift|process)_\w+|up)\b(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


def alarms():
    """The rows of deploy/alarms.csv by name."""
    with open(ROOT / "deploy" / "alarms.csv", newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def provoked():
    """The alarms that a unit test of the rules expects to fire."""
    tests = yaml.safe_load(RULES_TEST.read_text(encoding="utf-8"))["tests"]
    return {name for test in tests for check in test.get("promql_expr_test", []) for sample in check["exp_samples"]
            for name in re.findall(r'alertname="(\w+)"', sample["labels"])}


def page_metrics():
    """docs/metrics.md: the name of a sample -> its labels."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    names = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)`(?: †)? \| (gauge|counter|histogram) \| (.*?) ?\| ", page, re.MULTILINE):
        own = set(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            names |= {f"{name}_bucket": own | {"le"}, f"{name}_sum": own, f"{name}_count": own}
        else:
            names[name] = own
    return names


def faults_of_expression(expression, metrics):
    """Names of metrics and labels that the page does not have."""
    faults, labels = [], set(OF_THE_SCRAPE)
    for name, matchers in SERIES.findall(expression):
        if name not in metrics and name not in OF_PROMETHEUS:
            faults.append(f"{name} is not on docs/metrics.md: {expression}")
            continue
        own = metrics.get(name, set()) | OF_THE_SCRAPE
        labels |= own
        faults += [f"{name} has no label {label}: {expression}" for label in LABEL.findall(matchers) if label not in own]
    for label in re.findall(r"\w+", " ".join(GROUPING.findall(expression))):
        if label not in labels:
            faults.append(f"nothing here has a label {label}: {expression}")
    return faults


def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def dashboard_expressions():
    board = dashboard()
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return found + [each["expr"] for each in board["annotations"]["list"]]


def without_variables(expression):
    """As Grafana sends it."""
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
