"""`streamflow explain threshold`: from a limit to the rows that it was measured on."""

from __future__ import annotations

import json
from subprocess import CompletedProcess
from typing import Any

import pytest

from streamflow.contracts.calibrations import load_calibration
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import CHECKOUT, load_rule_set
from tests.commands import in_process

pytestmark = pytest.mark.unit


def explain(*arguments: str) -> CompletedProcess[str]:
    """Run the command as a user would."""
    return in_process("explain", "threshold", *arguments)


def as_json(*arguments: str) -> dict[str, Any]:
    """Return what it prints for machines."""
    done = explain(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_threshold_leads_to_notebook_data_and_interval() -> None:
    """Each link of the newest rule set's chain, and each figure of velocity with what it rests on."""
    found = as_json("velocity")
    rule_set = load_rule_set(newest_released(CHECKOUT, "fraud_rules"))
    assert rule_set.calibration is not None
    calibration = load_calibration(rule_set.calibration)
    links = {link["what"]: link for link in found["chain"]}
    assert links["rule set"]["which"] == rule_set.version
    assert links["calibration"]["which"] == calibration.id
    assert links["notebook"]["which"] == "notebooks/calibrate.ipynb"
    assert calibration.notebook.sha256[:12] in links["notebook"]["detail"]
    bands = rule_set.rules.velocity.measures.purchases.bands
    figures = {row["figure"]: row for row in found["figures"]}
    assert len(figures) == 1 + 2 * len(bands) > 1
    for band in bands:
        row = figures[f"velocity.purchases.{band.id}.at_least"]
        assert row["value"] == band.at_least
        low, high = row["interval"]
        assert low <= band.at_least <= high
        assert row["n"] == band.n
        assert "sha256" in row["source"]


def test_every_figure_of_the_newest_rule_set_has_something_behind_it() -> None:
    """No limit, weight or window without a figure of its calibration, and no status that differs from it."""
    rules = ("high_value", "velocity", "geographic", "time_anomaly", "blacklist", "alert")
    rows = [row for rule in rules for row in as_json(rule)["figures"]]
    assert len(rows) > 20
    for row in rows:
        assert row["method"], row
        assert row["source"], row


def test_rule_set_1_0_0_says_that_nobody_measured_it() -> None:
    """The seed of the project is assumed, and says so."""
    found = explain("velocity", "--rule-set", "1.0.0")
    assert found.returncode == 0
    assert "calibration none  nobody measured it" in found.stdout
    assert "velocity.purchases.from_6.at_least 6 purchases  (assumed)" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("velocty",), "There is no threshold 'velocty'; did you mean 'velocity'?"),
        (("velocity.purchase",), "did you mean 'velocity.purchases'?"),
        (("velocity", "--rule-set", "1.0.9"), "There is no rule set 1.0.9; did you mean '1.0.0'?"),
    ],
)
def test_a_name_that_is_none_is_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    """The nearest valid one stands in it."""
    done = explain(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
