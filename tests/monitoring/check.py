"""Checks alerts, runbook and dashboard against a /metrics (a URL or a file).

    python3 tests/monitoring/check.py http://127.0.0.1:9090/metrics

promtool knows whether an expression parses, not whether its metrics exist. This script collects
every metric and label name of every expression and looks for it in the live text, so make a few
requests first, one of them with a wrong password: a series shows only after its first event.
It also writes what promtool reads, below target/ci/monitoring.
"""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "target/ci/monitoring"
RULES = ROOT / "deploy/components/monitoring/prometheusrule.yaml"
DASHBOARD = ROOT / "deploy/components/monitoring/dashboard.json"
RUNBOOK = ROOT / "deploy/RUNBOOK.md"
RULE_TESTS = ROOT / "tests/monitoring/rules_test.yml"
OPENAPI = ROOT / "openapi/openapi.json"

# What Prometheus adds itself: labels of a scraped target, and series.
TARGET_LABELS = {"job", "instance", "namespace"}
PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate"}}

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
      | (?P<range>\[[^\]]*\])
      | (?P<number>\d(?:[eE][+-]|[\w.])*)
      | (?P<name>[A-Za-z_:][\w:]*)
      | (?P<mark>=~|!~|!=|.)""",
    re.VERBOSE,
)
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"} | set(
    "sum min max avg group stddev stdvar count count_values bottomk topk quantile".split()
)

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def names(expression):
    """The selectors of an expression, as (metric, {label: value}), and the labels it groups by."""
    tokens = [
        (match.lastgroup, match.group())
        for match in TOKEN.finditer(expression)
        if match.lastgroup != "space"
    ]
    tokens.append(("end", ""))
    selectors, grouped = [], []
    at = 0
    while tokens[at][0] != "end":
        kind, text = tokens[at]
        at += 1
        if kind == "name" and text.lower() in GROUPING:
            if tokens[at][1] == "(":
                while tokens[at][0] != "end" and tokens[at][1] != ")":
                    grouped += [tokens[at][1]] if tokens[at][0] == "name" else []
                    at += 1
        elif kind == "name" and text.lower() not in WORDS and tokens[at][1] != "(":
            selectors.append((text, {}))
        elif text == "{":
            # Braces belong to the name before them; without one, no metric has the name "".
            if tokens[at - 2][0] != "name" or at < 2:
                selectors.append(("", {}))
            while tokens[at][0] != "end" and tokens[at][1] != "}":
                if tokens[at][0] == "name":
                    label, value = tokens[at][1], tokens[min(at + 2, len(tokens) - 1)]
                    selectors[-1][1][label] = value[1][1:-1] if value[0] == "string" else ""
                    at += 1
                at += 1
    return selectors, grouped


def check_expression(where, expression, live, codes, labels=()):
    """Looks for every name of an expression, and for the labels of its legend."""
    selectors, grouped = names(expression)
    if not selectors:
        fault(where, "no metric in the expression")
    available = set(TARGET_LABELS)
    for metric, matchers in selectors:
        if metric not in live:
            fault(where, f"no such metric: {metric or 'a selector without a name'}")
            continue
        available |= live[metric]
        for label, value in matchers.items():
            if label not in live[metric] | TARGET_LABELS:
                fault(where, f"no such label: {metric}{{{label}}}")
            if label == "error_type" and codes is not None:
                for code in value.split("|"):
                    if code and not any(re.fullmatch(code, known) for known in codes):
                        fault(where, f"no such code: {code}")
    for label in [*grouped, *labels]:
        if label not in available:
            fault(where, f"no such label: {label}")


def read_metrics(source):
    """The text of a /metrics, and each series name's label names."""
    if source.startswith(("http://", "https://")):
        with urllib.request.urlopen(source, timeout=10) as answer:
            text = answer.read().decode()
    else:
        text = Path(source).read_text()
    live = {name: set(labels) for name, labels in PROMETHEUS.items()}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            head = re.match(r"[\w:]+", line).group()
            found = re.findall(r'(\w+)="(?:\\.|[^"\\])*"', line)
            live.setdefault(head, set()).update(found)
    return text, live


def promtool(where, groups):
    """Writes a rule file and has promtool read it."""
    file = OUT / where
    file.write_text(json.dumps({"groups": groups}, indent=1))
    done = subprocess.run(
        ["promtool", "check", "rules", "--lint-fatal", str(file)], capture_output=True, text=True
    )
    print(done.stdout, end="")
    if done.returncode != 0:
        fault(where, done.stderr.strip())


def check_rules(live, codes):
    """Each alert is complete, explained in the runbook, and tested both ways."""
    groups = yaml.safe_load(RULES.read_text())["spec"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    live = {**live, **{name: set() for name in recorded}}
    headings = set(re.findall(r"^#+ (.+?)\s*$", RUNBOOK.read_text(), re.MULTILINE))
    tests = [
        case
        for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]
    alerts = [rule for rule in rules if "alert" in rule]
    for rule in rules:
        check_expression(rule.get("alert") or rule["record"], rule["expr"], live, codes)
    for rule in alerts:
        alert, annotations = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in {"critical", "warning", "info"}:
            fault(alert, "severity is not critical, warning or info")
        for key in {"summary", "description", "runbook_url"} - set(annotations):
            fault(alert, f"no {key}")
        if alert not in headings:
            fault(alert, "no section in the runbook")
        if annotations.get("runbook_url") != f"RUNBOOK.md#{alert.lower()}":
            fault(alert, "runbook_url does not lead to its section")
        cases = [bool(case.get("exp_alerts")) for case in tests if case["alertname"] == alert]
        if True not in cases:
            fault(alert, "no test sees it firing")
        if False not in cases:
            fault(alert, "no test sees it silent")
    for heading in headings - {rule["alert"] for rule in alerts}:
        if heading.startswith("CupiGateway"):
            fault(heading, "a section in the runbook, but no alert")
    promtool("rules.yml", groups)


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def check_dashboard(live, codes):
    """Expressions exist and parse; panels are complete and follow the variables."""
    dashboard = json.loads(DASHBOARD.read_text())
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    source = {"type": "prometheus", "uid": "${datasource}"}
    for name, kind in [("datasource", "datasource"), ("instance", "query")]:
        if variables.get(name, {}).get("type") != kind:
            fault("dashboard", f"no variable {name}")
    for name, variable in variables.items():
        if variable["type"] == "query":
            query = variable["query"]["query"]
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
            if match is None:
                fault(f"variable {name}", f"not a label_values query: {query}")
            else:
                check_expression(f"variable {name}", match[1], live, codes, [match[2]])

    identities, records = set(), []
    for panel in panels_of(dashboard):
        where = f"panel {panel.get('id')} ({panel.get('title')})"
        if panel.get("id") is None or panel["id"] in identities:
            fault(where, "no id of its own")
        identities.add(panel.get("id"))
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            fault(where, "no description")
        if not panel.get("fieldConfig", {}).get("defaults", {}).get("unit"):
            fault(where, "no unit")
        if not panel.get("targets"):
            fault(where, "no expression")
        for target in [panel, *panel.get("targets", [])]:
            if target.get("datasource") != source:
                fault(where, "the datasource is not the variable")
        for target in panel.get("targets", []):
            expression = target["expr"]
            for span in re.findall(r"\[[^\]]*\]", expression):
                if span != "[$__rate_interval]":
                    fault(where, f"{span} in place of [$__rate_interval]")
            for name in set(re.findall(r"\$\{?(\w+)", expression)) - set(variables):
                if not name.startswith("__"):
                    fault(where, f"no variable {name}")
            expression = expression.replace("$__rate_interval", "5m")
            expression = re.sub(r"\$\{\w+[^}]*\}|\$\w+", "x", expression)
            legend = re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", ""))
            check_expression(where, expression, live, codes, legend)
            records.append(
                {"record": f"dashboard:panel_{panel['id']}:{target['refId']}", "expr": expression}
            )
    promtool("dashboard.yml", [{"name": "dashboard", "rules": records}])


def check_runbook(live, codes):
    """What somebody pastes or follows at night works."""
    text = RUNBOOK.read_text()
    headings = re.findall(r"^#+ (.+?)\s*$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for anchor in set(re.findall(r"\]\(#([^)]*)\)", text)) - anchors:
        fault("runbook", f"a link leads nowhere: #{anchor}")
    blocks = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    records = []
    for number, expression in enumerate(blocks, 1):
        check_expression(f"runbook, query {number}", expression, live, codes)
        records.append({"record": f"runbook:query:{number}", "expr": expression})
    promtool("runbook.yml", [{"name": "runbook", "rules": records}])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    OUT.mkdir(parents=True, exist_ok=True)
    text, live = read_metrics(sys.argv[1])
    (OUT / "metrics.txt").write_text(text)
    # The API document names the problem codes, and `error_type` is one of them.
    codes = set(re.findall(r"[a-z_]+", OPENAPI.read_text())) if OPENAPI.exists() else None
    check_rules(live, codes)
    check_dashboard(live, codes)
    check_runbook(live, codes)
    for line in faults:
        print(line, file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
