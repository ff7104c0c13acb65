"""What a change of a rule set or of generator parameters means, and the number that it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.contracts.diff import told
from streamflow.contracts.subjects import compare, subject_of_file
from streamflow.contracts.versions import Level
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS
from tests.unit.contracts_versions.version_cases import (
    Text,
    calibration,
    generator_difference,
    pair,
    put_calibration,
    rule_set_difference,
    rule_set_text,
    swap,
)

BAND = "          - {id: from_6, at_least: 6, weight_ulo: 4595120, n: null, interval: null, status: assumed}\n"
STRONGER = "          - {id: from_9, at_least: 9, weight_ulo: 5000000, n: null, interval: null, status: assumed}\n"

RULE_SET: list[tuple[str, Text, str, Level]] = [
    (
        "band",
        swap("id: from_6, at_least: 6", "id: from_6, at_least: 5"),
        "velocity.purchases from_6: at_least 6 -> 5; more purchases fire",
        "minor",
    ),
    (
        "band",
        swap("id: from_6, at_least: 6", "id: from_6, at_least: 7"),
        "velocity.purchases from_6: at_least 6 -> 7; fewer purchases fire",
        "minor",
    ),
    (
        "renamed",
        swap("id: from_6", "id: six"),
        "velocity.purchases from_6: renamed to six; alerts name it so",
        "minor",
    ),
    (
        "weight",
        swap(BAND, BAND.replace("4595120", "3000000")),
        "velocity.purchases from_6: weight 4.59512 -> 3; it adds less to the score",
        "minor",
    ),
    (
        "band",
        swap(BAND, BAND + STRONGER),
        "velocity.purchases: band added, from 9 (5); its purchases weigh otherwise",
        "minor",
    ),
    (
        "band",
        swap("bands:\n" + BAND, "bands: []\n"),
        "velocity.purchases: band removed, from 6 (4.59512); fewer purchases fire",
        "minor",
    ),
    (
        "band",
        swap(BAND, BAND.replace("id: from_6, at_least: 6", "id: from_4, at_least: 4") + STRONGER),
        "velocity.purchases: bands from 6 (4.59512) -> from 4 (4.59512), from 9 (5); more purchases fire",
        "minor",
    ),
    (
        "threshold",
        swap("alert_threshold_ulo: 0", "alert_threshold_ulo: -500000"),
        "alert threshold: 0 -> -0.5; more alerts",
        "minor",
    ),
    (
        "weight",
        swap("prior_ulo: -4595120", "prior_ulo: -5000000"),
        "prior: -4.59512 -> -5; every score is lower",
        "minor",
    ),
    ("window", swap("window_s: 600", "window_s: 900"), "velocity.window_s: 600 -> 900", "minor"),
    ("window", swap("min_history: 10", "min_history: 12"), "time_anomaly.min_history: 10 -> 12", "minor"),
    ("window", swap("min_sigma_min: 30", "min_sigma_min: 45"), "time_anomaly.min_sigma_min: 30 -> 45", "minor"),
    ("state", swap("unit: km/h", "unit: m/s"), "geographic.speed_kmh.unit: km/h -> m/s", "major"),
    (
        "state",
        swap("unit: ratio\n        digits: 4", "unit: ratio\n        digits: 3"),
        "high_value.ratio_to_mean.digits: 4 -> 3",
        "major",
    ),
    ("state", swap("score_digits: 6", "score_digits: 4"), "score_digits: 6 -> 4", "major"),
    (
        "evidence",
        swap("prior_status: assumed", "prior_status: anchored"),
        "prior_status: assumed -> anchored",
        "patch",
    ),
    (
        "evidence",
        swap(BAND, BAND.replace("n: null", "n: 4000")),
        "velocity.purchases from_6: n none -> 4000",
        "patch",
    ),
    ("wording", swap("# Great-circle", "# The great-circle"), "only comments or layout changed", "patch"),
]


@pytest.mark.parametrize(("kind", "change", "what", "level"), RULE_SET, ids=[case[2] for case in RULE_SET])
def test_one_change_of_a_rule_set_is_named_with_what_it_does_to_decisions(
    tmp_path: Path, kind: str, change: Text, what: str, level: Level
) -> None:
    """patch: decisions stay; minor: the same measures decide otherwise; major: a measure means something else."""
    found = rule_set_difference(tmp_path, change)
    assert [(one.kind, one.what, one.level) for one in found.changes] == [(kind, what, level)]
    assert found.breaks == (("fraud_detector",) if level == "major" else ())


DAYS = "0.95, 0.98, 1.06, 1.08, 1.02"
GENERATOR: list[tuple[str, Text, str, Level]] = [
    (
        "changed",
        swap("rate: {value: 0.01,", "rate: {value: 0.035,"),
        "fraud.rate: 0.01 -> 0.035",
        "minor",
    ),
    (
        "changed",
        swap("{standard: 0.74, plus: 0.2,", "{standard: 0.75, plus: 0.19,"),
        "customers.segments: standard 0.74 -> 0.75, plus 0.2 -> 0.19",
        "minor",
    ),
    (
        "changed",
        swap("[0.97, 0.94,", "[0.96, 0.95,"),
        f"rhythm.week: 2 of 7 numbers, [0.97, 0.94, {DAYS}] -> [0.96, 0.95, {DAYS}]",
        "minor",
    ),
    (
        "added",
        swap("  fraud:\n", "  fraud:\n    drift: {value: 0.1, status: assumed, reason: tests}\n"),
        "fraud.drift: figure added, 0.1",
        "minor",
    ),
    (
        "removed",
        swap('    max_page_views: {value: 4, status: assumed, reason: "a modest rate"}\n', ""),
        "sessions.max_page_views: figure removed (was 4)",
        "major",
    ),
    (
        "evidence",
        swap('reason: "enough for favourites to differ"', 'reason: "many"'),
        "merchants.count: other reason",
        "patch",
    ),
    ("evidence", swap("figures:", "calibration: tests\nfigures:"), "calibration: none -> tests", "patch"),
]


@pytest.mark.parametrize(("kind", "change", "what", "level"), GENERATOR, ids=[case[2] for case in GENERATOR])
def test_one_change_of_the_generator_is_named_with_its_level(
    tmp_path: Path, kind: str, change: Text, what: str, level: Level
) -> None:
    """A value and a figure that appears are minor, one that goes is major, evidence is a patch."""
    found = generator_difference(tmp_path, change)
    assert [(one.kind, one.what, one.level) for one in found.changes] == [(kind, what, level)]


def test_a_refit_is_told_in_lines_that_a_person_reads_to_the_end(tmp_path: Path) -> None:
    """New evidence of every figure: a few of the lines, how many more, and what they mean, once."""
    found = generator_difference(tmp_path, lambda text: text.replace("status: assumed", "status: anchored"))
    assert found.level == "patch"
    assert len(found.changes) > 50
    lines = found.lines()
    assert len(lines) == 2 + 8 + 1 + 1
    assert lines[2] == "  start: status assumed -> anchored"
    assert lines[-2] == f"  ... and {len(found.changes) - 8} more; --json lists them all"
    assert len(found.payload()["changes"]) == len(found.changes)


def test_every_figure_of_the_shipped_generator_is_compared() -> None:
    """Nothing is passed over: each figure has a path of its own."""
    one = subject_of_file(CONTRACTS / "generator" / "1.0.0.yaml")
    assert one.id == "generator/1.0.0"
    assert len(one.content.figures) > 60  # type: ignore[union-attr]


def test_versions_of_different_things_are_not_compared(tmp_path: Path) -> None:
    """A rule set and a generator have nothing in common; a calibration has an id, not a version."""
    old, new = pair(tmp_path, "fraud_rules", rule_set_text("1.0.0"), rule_set_text("2.0.0"))
    generator = subject_of_file(CONTRACTS / "generator" / "1.0.0.yaml")
    with pytest.raises(InputError, match="they are different things"):
        compare(old, generator)
    id_ = put_calibration(tmp_path, calibration())
    one = subject_of_file(tmp_path / "calibrations" / f"{id_}.json")
    with pytest.raises(InputError, match="calibrations have no versions, only ids"):
        compare(one, one)
    assert compare(old, new).level is None


def test_long_values_are_cut_in_words_not_in_meaning() -> None:
    """A list of a hundred numbers is told in a line."""
    assert told(list(range(100))).endswith(" ...")
    assert len(told({"a": "x" * 200})) <= 60
    assert (told(None), told(True), told(0.1 + 0.2)) == ("none", "yes", "0.3")
