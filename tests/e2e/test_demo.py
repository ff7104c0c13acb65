"""The demonstration as a user runs it: one command, on servers of its own, with Airflow running the DAGs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streamflow.contracts.calibrations import load_calibration
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import CHECKOUT, load_rule_set
from tests.servers import DEMO_PURCHASES

Outcome = dict[str, Any]


@pytest.fixture
def outcome(demonstration: Outcome) -> Outcome:
    """Give what the one run of the demonstration printed."""
    return demonstration


@pytest.mark.timeout(900)
def test_every_check_of_the_demonstration_passes(outcome: Outcome) -> None:
    """Conservation, replay, recounts and the star hold, and there are checks at all."""
    checks = {check["name"]: check["ok"] for check in outcome["verify"]["checks"]}
    assert len(checks) >= 8
    assert [name for name, ok in checks.items() if not ok] == []


def test_each_broken_record_was_rejected_for_the_reason_it_was_broken(outcome: Outcome) -> None:
    """The generator says what it broke; the dead letters say what they found."""
    injected = {
        name.removeprefix("rejected."): count
        for name, count in outcome["generated"].items()
        if name.startswith("rejected.")
    }
    found: Counter[str] = Counter()
    for entry in outcome["rejected"]:
        found[entry["reason"]] += entry["records"]
    assert sum(injected.values()) > 0
    assert dict(found) == injected


def test_every_purchase_reaches_gold_once(outcome: Outcome) -> None:
    """Distinct valid purchases, no more and no fewer, are rows of the fact table."""
    facts = next(count for name, count in outcome["rows"].items() if name.endswith("fact_transactions"))
    assert facts == outcome["generated"]["purchases"] == DEMO_PURCHASES


def test_fraud_is_caught_and_measured_beside_the_baseline(outcome: Outcome) -> None:
    """There are alerts, each with a latency, and a baseline with as many."""
    assert outcome["alerts"]["five rules together"] > 0
    assert outcome["alerts"]["amount alone"] == outcome["alerts"]["five rules together"]
    assert 0 < outcome["latency_ms"]["p50"] <= outcome["latency_ms"]["p99"]


def test_each_alert_names_the_calibration_of_the_newest_rule_set(outcome: Outcome) -> None:
    """From an alert a reader finds the calibration, and in the report the rows behind it."""
    rule_set = load_rule_set(newest_released(CHECKOUT, "fraud_rules"))
    assert rule_set.calibration is not None
    (lineage,) = outcome["lineage"]
    assert (lineage["rule_set"], lineage["calibration"]) == (rule_set.version, rule_set.calibration)
    assert lineage["alerts"] > 0
    page = Path(outcome["report"]).read_text(encoding="utf-8")
    calibration = load_calibration(rule_set.calibration)
    hashes = [source.sha256 for source in calibration.sources.values() if source.sha256]
    assert hashes
    assert all(sha256[:12] in page for sha256 in hashes)


def test_the_report_opens_without_a_network(outcome: Outcome) -> None:
    """No script, style or picture comes from another host."""
    page = Path(outcome["report"]).read_text(encoding="utf-8")
    body = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.DOTALL)
    assert len(page) > 1_000_000
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", body) == []
