"""Rule sets: 1.0.0 is the seed of the project, and a wrong one is refused with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from streamflow.contracts.names import FRAUD_RULES
from streamflow.contracts.rule_sets import (
    RULES,
    Horizons,
    check_horizons,
    load_horizons,
    load_rule_set,
    rule_set_from,
    rule_set_versions,
)
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS

SEED = load_rule_set("1.0.0", CONTRACTS)
Change = Callable[[dict[str, Any]], object]


def _changed(change: Change) -> dict[str, Any]:
    payload = deepcopy(SEED.payload())
    change(payload)
    return payload


def _purchases(payload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = payload["rules"]["velocity"]["measures"]["purchases"]
    return found


def test_the_seed_has_one_band_a_rule_at_the_limit_that_the_project_began_with() -> None:
    """3 x average, more than 5 in 10 minutes, 500 km within an hour, 2 sigma, blacklist."""
    bands = {(rule, measure): [band.at_least for band in m.bands] for rule, measure, m in SEED.measures() if m.bands}
    assert bands == {
        ("high_value", "ratio_to_mean"): [3],
        ("velocity", "purchases"): [6],
        ("geographic", "distance_km"): [500],
        ("time_anomaly", "deviation_sigma"): [2],
        ("blacklist", "listed"): [1],
    }
    assert (SEED.rules.velocity.window_s, SEED.rules.geographic.window_s) == (600, 3600)
    assert {rule for rule, _ in bands} == set(RULES)


def test_in_the_seed_any_rule_alone_raises_an_alert_and_no_rule_raises_none() -> None:
    """The threshold is the prior plus one of the equal weights."""
    weights = {band.weight_ulo for _, _, measure in SEED.measures() for band in measure.bands}
    assert len(weights) == 1
    assert SEED.alert_threshold_ulo == SEED.prior_ulo + weights.pop()


def test_nothing_in_the_seed_pretends_to_be_measured() -> None:
    """Every figure is assumed, no calibration is named, and the score is called uncalibrated."""
    statuses = {band.status for _, _, measure in SEED.measures() for band in measure.bands}
    assert statuses | {SEED.prior_status, SEED.alert_threshold_status} == {"assumed"}
    assert (SEED.calibration, SEED.score_calibrated) == (None, False)


def test_a_rule_set_survives_its_journey_through_json() -> None:
    """What the fraud-rules topic carries is what was on file, with the same hash."""
    again = rule_set_from(json.loads(json.dumps(SEED.payload())))
    assert again == SEED
    assert again.payload() == json.loads(json.dumps(SEED.payload())) == SEED.payload()
    assert again.sha256 == SEED.sha256


def test_a_band_reaches_from_its_bound_up_to_the_next() -> None:
    """Below the first band there is none; a bound belongs to the band that it opens."""
    payload = _changed(
        lambda p: _purchases(p)["bands"].append({**_purchases(p)["bands"][0], "id": "from_9", "at_least": 9})
    )
    purchases = rule_set_from(payload).rules.velocity.measures.purchases
    found = [band.id if (band := purchases.band_for(value)) else None for value in (5, 6, 8, 9, 100)]
    assert found == [None, "from_6", "from_6", "from_9", "from_9"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p: p.update(pior_ulo=1), "the key 'pior_ulo' is unknown; did you mean 'prior_ulo'?"),
        (lambda p: p["rules"].update(velocty={}), "the key 'velocty' is unknown; did you mean 'velocity'?"),
        (lambda p: p["rules"].pop("blacklist"), "missing required field `blacklist`"),
        (lambda p: p.update(version="1.0"), "expected `str` matching regex"),
        (lambda p: p.update(prior_ulo=-4.5), "expected `int`, got `float`"),
        (lambda p: p.update(alert_threshold_ulo=-4595120), "alert_threshold_ulo must lie above prior_ulo"),
        (lambda p: p.update(score_calibrated=True), "a calibrated score needs the id of its calibration"),
        (lambda p: p["rules"]["velocity"].update(window_s=0), "expected `int` >= 1"),
        (lambda p: _purchases(p)["bands"].append(_purchases(p)["bands"][0]), "two bands have the same id"),
        (
            lambda p: _purchases(p)["bands"].append({**_purchases(p)["bands"][0], "id": "x", "at_least": 6}),
            "band 'x' must begin above band 'from_6'",
        ),
        (
            lambda p: _purchases(p)["bands"].append(
                {**_purchases(p)["bands"][0], "id": "x", "at_least": 7, "weight_ulo": 1}
            ),
            "band 'x' weighs less than the weaker band 'from_6'",
        ),
        (lambda p: _purchases(p)["bands"][0].update(at_least=5.5), "which has over 0 digits"),
        (lambda p: _purchases(p)["bands"][0].update(status="measured"), "is measured, so it needs n and interval"),
        (lambda p: _purchases(p)["bands"][0].update(interval=[2, 1]), "ends before it begins"),
        (lambda p: _purchases(p)["bands"][0].update(weight_ulo=-1), "expected `int` >= 0"),
        (lambda p: _purchases(p).update(bands=[_purchases(p)["bands"][0]] * 7), "length <= 6"),
    ],
)
def test_a_wrong_rule_set_is_refused_with_its_place(change: Change, sentence: str) -> None:
    """One sentence; nearest names for what was mistyped."""
    with pytest.raises(InputError) as error:
        rule_set_from(_changed(change))
    assert sentence in str(error.value)
    assert str(error.value).startswith("The rule set, at $")


def test_a_file_names_its_line(tmp_path: Path) -> None:
    """The same mistakes in a file are told with file and line."""
    folder = tmp_path / "fraud_rules"
    folder.mkdir()
    text = (CONTRACTS / "fraud_rules" / "1.0.0.yaml").read_text()
    (folder / "1.0.0.yaml").write_text(text.replace("window_s: 600", "windows_s: 600"))
    line = next(n for n, row in enumerate(text.splitlines(), start=1) if "window_s: 600" in row)
    with pytest.raises(InputError, match=rf"line {line}: the key 'windows_s' is unknown; did you mean 'window_s'"):
        load_rule_set("1.0.0", tmp_path)


def test_an_unknown_version_is_answered_with_the_nearest() -> None:
    """Versions on file are listed oldest first."""
    assert rule_set_versions(CONTRACTS)[0] == "1.0.0"
    with pytest.raises(InputError, match=r"There is no rule set 1\.0\.9; did you mean '1\.0\.0'"):
        load_rule_set("1.0.9", CONTRACTS)


def test_every_rule_set_on_file_fits_the_horizons_on_file() -> None:
    """State that forgets before a rule is done looking would decide wrongly."""
    horizons = load_horizons(CONTRACTS)
    for version in rule_set_versions(CONTRACTS):
        check_horizons(load_rule_set(version, CONTRACTS), horizons)


@pytest.mark.parametrize("rule", ["velocity", "geographic"])
def test_a_window_beyond_the_state_is_refused(rule: str) -> None:
    """A window of exactly the horizon fits; a second more does not."""
    horizons = load_horizons(CONTRACTS)
    fits = rule_set_from(_changed(lambda p: p["rules"][rule].update(window_s=horizons.max_window_s)))
    check_horizons(fits, horizons)
    too_long = rule_set_from(_changed(lambda p: p["rules"][rule].update(window_s=horizons.max_window_s + 1)))
    with pytest.raises(InputError, match=rf"{rule}\.window_s is {horizons.max_window_s + 1}"):
        check_horizons(too_long, horizons)


def test_horizons_that_contradict_each_other_are_refused() -> None:
    """A customer forgotten within the window would lose purchases that still count."""
    with pytest.raises(ValueError, match="retention_s must not be below"):
        Horizons(max_out_of_orderness_s=60, retention_s=600, dedup_horizon_s=600, max_pending=1, max_window_s=3600)


def test_the_topic_of_rule_sets_has_a_name() -> None:
    """The constant that publishers use."""
    assert FRAUD_RULES == "fraud-rules"
