"""Evidence as files: kept, found again, found out when changed, and asked for before a promotion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamflow.backtest.evidence import (
    Evidence,
    find,
    kept,
    new_evidence,
    parse_evidence,
    require_evidence,
    save,
    subject,
)
from streamflow.backtest.gate import evidence_of
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import FRAUD_RULES
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.errors import InputError
from streamflow.rules.promotion import Grounds
from streamflow.settings import Settings
from tests.unit.backtest.gate_cases import DAY_US, backtest, rule_set, settings_for

NEW, LIVE = rule_set("2.0.0"), rule_set("1.0.0")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings with an empty state directory."""
    return settings_for(tmp_path, {"alerts_per_1000": 40.0})


def changed(evidence: Evidence, **fields: Any) -> Evidence:
    """Return evidence with other content, under the id which that content has."""
    content = {name: getattr(evidence, name) for name in evidence.__struct_fields__ if name != "id"}
    return new_evidence(**(content | fields))


def test_evidence_is_found_again_as_it_was_written(settings: Settings) -> None:
    """By the hashes of both rule sets; the newest where there are several."""
    old = changed(evidence_of(backtest(0.6, 0.6), settings), created_at="2026-01-01T00:00:00Z")
    new = evidence_of(backtest(0.7, 0.6), settings)
    other = evidence_of(backtest(0.7, None), settings)
    paths = [save(settings, one) for one in (new, old, other)]
    assert [path.parent for path in paths] == [settings.evidence_dir] * 3
    assert paths[0].name == f"{new.id}.json"
    assert len(kept(settings)) == 3
    assert find(settings, NEW.sha256, LIVE.sha256) == new
    assert find(settings, NEW.sha256, None) == other
    assert find(settings, LIVE.sha256, NEW.sha256) is None
    assert parse_evidence(paths[0].read_text(encoding="utf-8"), paths[0]) == new


def test_saving_twice_keeps_one_file(settings: Settings) -> None:
    """And no half-written one beside it."""
    evidence = evidence_of(backtest(), settings)
    save(settings, evidence)
    save(settings, evidence)
    assert [path.name for path in settings.evidence_dir.iterdir()] == [f"{evidence.id}.json"]


def test_a_file_that_was_edited_is_refused(settings: Settings) -> None:
    """A verdict and its gates turned to passed by hand."""
    path = save(settings, evidence_of(backtest(0.4, 0.9), settings))
    text = path.read_text(encoding="utf-8")
    assert text.count('"failed"') == 3
    path.write_text(text.replace('"failed"', '"passed"'), encoding="utf-8")
    with pytest.raises(InputError, match="the file was changed after it was written"):
        require_evidence(settings, NEW, LIVE)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data | {"verdikt": "passed"}, "the key 'verdikt' is unknown; did you mean 'verdict'"),
        (lambda data: data | {"verdict": "passed"}, "the verdict 'passed' is not that of the gates"),
        (lambda data: data | {"gates": [], "verdict": "first"}, "only a first promotion goes without gates"),
        (lambda data: data | {"candidate": {"version": "2.0.0", "sha256": "x"}}, "$.candidate.sha256"),
        (lambda data: {name: value for name, value in data.items() if name != "allowed"}, "allowed"),
        (lambda data: [data], "must hold a JSON object"),
    ],
)
def test_reading_is_strict(settings: Settings, change: Any, said: str) -> None:
    """The sentence names the place."""
    evidence = evidence_of(backtest(0.4, 0.9), settings)
    text = json.dumps(change(json.loads(evidence.text())))
    with pytest.raises(InputError) as error:
        parse_evidence(text, Path("evidence.json"))
    assert "evidence.json" in str(error.value)
    assert said in str(error.value)
    with pytest.raises(InputError, match="is no JSON"):
        parse_evidence(text[:-1], Path("evidence.json"))


def test_without_evidence_the_sentence_says_what_to_run(settings: Settings) -> None:
    """For this pair and no other."""
    save(settings, evidence_of(backtest(0.7, None), settings))
    with pytest.raises(InputError) as error:
        require_evidence(settings, NEW, LIVE)
    assert str(error.value) == (
        "There is no evidence for rule set 2.0.0 against 1.0.0; run 'streamflow backtest table --rules 2.0.0 --against "
        "1.0.0'."
    )


def test_evidence_that_passed_is_returned(settings: Settings) -> None:
    """As long as both rule sets are exactly those."""
    evidence = evidence_of(backtest(0.7, 0.6), settings)
    save(settings, evidence)
    assert require_evidence(settings, NEW, LIVE) == evidence
    louder = msgspec.structs.replace(NEW, alert_threshold_ulo=NEW.alert_threshold_ulo - 1)
    with pytest.raises(InputError, match=r"There is no evidence for rule set 2\.0\.0 against 1\.0\.0"):
        require_evidence(settings, louder, LIVE)


def test_a_newer_backtest_that_failed_counts_before_an_older_one_that_passed(settings: Settings) -> None:
    """What was true last week is no excuse."""
    save(settings, changed(evidence_of(backtest(0.7, 0.6), settings), created_at="2026-01-01T00:00:00Z"))
    save(settings, evidence_of(backtest(0.4, 0.6), settings))
    with pytest.raises(InputError, match=r"The newest backtest of rule set 2\.0\.0 against 1\.0\.0 failed: 38\.8%"):
        require_evidence(settings, NEW, LIVE)


def test_insufficient_evidence_is_no_evidence(settings: Settings) -> None:
    """The sentence says how many frauds there were."""
    save(settings, evidence_of(backtest(0.9, 0.6, from_day=51), settings))
    with pytest.raises(InputError, match="is insufficient evidence: Too little is known: 40 frauds"):
        require_evidence(settings, NEW, LIVE)


def test_old_evidence_and_that_of_other_settings_do_not_count(settings: Settings, tmp_path: Path) -> None:
    """Thirty days by the wall clock; what the operator allows now."""
    evidence = evidence_of(backtest(0.7, 0.6), settings)
    save(settings, evidence)
    made_us = parse_us(evidence.created_at)
    assert made_us is not None
    assert require_evidence(settings, NEW, LIVE, now_us=made_us + 30 * DAY_US) == evidence
    with pytest.raises(InputError, match="is 31 days old, over the 30 that count"):
        require_evidence(settings, NEW, LIVE, now_us=made_us + 31 * DAY_US)
    stricter = settings_for(tmp_path, {"alerts_per_1000": 40.0, "recall_loss": 0.01})
    with pytest.raises(InputError, match="was judged by other settings of the gate"):
        require_evidence(stricter, NEW, LIVE)


def test_the_first_promotion_needs_no_evidence_but_must_not_have_failed(settings: Settings) -> None:
    """Nothing is in force, so there is nothing to compare with; what was backtested counts all the same."""
    first = require_evidence(settings, NEW, None)
    assert (first.verdict, first.gates, first.candidate) == ("first", (), subject(NEW))
    assert first.notes == ("No rule set is live yet, so there is nothing to compare with.",)
    assert kept(settings) == ()
    passed = evidence_of(backtest(0.5, None), settings)
    save(settings, passed)
    assert require_evidence(settings, NEW, None) == passed
    rows = passed.origin
    assert rows is not None
    loud = backtest(1.0, None)
    later = format_us((parse_us(passed.created_at) or 0) + 1_000_000)
    save(settings, changed(evidence_of(loud, settings_for(settings.root, {"alerts_per_1000": 5})), created_at=later))
    with pytest.raises(InputError, match=r"The newest backtest of rule set 2\.0\.0 failed: .* alerts per 1,000"):
        require_evidence(settings, NEW, None)


def test_evidence_travels_in_the_record_of_a_promotion(settings: Settings) -> None:
    """The validator of every job takes it, with and without gates; what comes back from Kafka is the same evidence."""
    validator = build_validator(Catalogue.load(CHECKOUT), "USD")
    for evidence in (evidence_of(backtest(0.7, 0.6), settings), require_evidence(settings, NEW, None)):
        grounds = Grounds("ada", 0, evidence=msgspec.to_builtins(evidence))
        record = {
            "schema_version": "1.1.0",
            "kind": "rule_set",
            "version": NEW.version,
            "role": "live",
            "effective_from": "2026-03-01T00:00:00Z",
            "rule_set": NEW.payload(),
            "promotion": grounds.payload("promote", LIVE.version),
        }
        verdict = validator(FRAUD_RULES, b"rule_set/2.0.0", msgspec.json.encode(record), 1_772_323_200_000)
        assert verdict.reason is None, verdict.detail
        assert verdict.record is not None
        assert parse_evidence(json.dumps(verdict.record["promotion"]["evidence"]), Path("record")) == evidence
