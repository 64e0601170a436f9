"""What production runs on is well formed, and names only what exists."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from app.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra/monitoring"


def metric_names() -> set[str]:
    families = list(Metrics().registry.collect())
    suffixes = ("", "_total", "_bucket", "_count", "_sum")
    return {"up"} | {family.name + suffix for family in families for suffix in suffixes}


def expressions() -> list[str]:
    dashboard = json.loads((MONITORING / "grafana/sandtable.json").read_text())
    alerts = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]] + [
        rule["expr"] for group in alerts["groups"] for rule in group["rules"]
    ]


def test_alerts_and_dashboard_ask_for_figures_that_exist() -> None:
    known = metric_names()
    used = {name for text in expressions() for name in re.findall(r"\b(?:sandtable|process)_[a-z_]+", text)}
    assert len(used) > 20
    assert sorted(used - known) == []


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_promtool_takes_rules_and_configuration() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    for what, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run([promtool, "check", what, MONITORING / file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
