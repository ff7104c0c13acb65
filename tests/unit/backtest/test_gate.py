"""The gate before a promotion: what passes, what fails, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamflow.backtest.evidence import Evidence, Gate
from streamflow.backtest.gate import evidence_of, mature_until, within_volume
from streamflow.backtest.scored import Training
from streamflow.settings import Settings
from tests.unit.backtest.gate_cases import (
    A_DAY,
    DAY_US,
    DAYS,
    DELAY_DAYS,
    FRAUD_EVERY,
    OTHER_SHA,
    SHA,
    START_US,
    backtest,
    calibration,
    purchases,
    rule_set,
    settings_for,
    write,
)

BUDGET = {"alerts_per_1000": 40.0}
"""One purchase in 25 is fraud: 40 in a thousand, of which at most all are caught."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings that allow as many alerts as there are frauds."""
    return settings_for(tmp_path, BUDGET)


def results(evidence: Evidence) -> dict[str, str]:
    """Return the result of each gate by its name."""
    return {one.name: one.result for one in evidence.gates}


def named(evidence: Evidence, name: str) -> Gate:
    """Return a gate that must be there."""
    found = evidence.gate(name)
    assert found is not None
    return found


def test_a_rule_set_that_catches_as_much_within_the_budget_passes(settings: Settings) -> None:
    """Every gate, on the rows that it says it rests on."""
    evidence = evidence_of(backtest(0.7, 0.6), settings)
    assert results(evidence) == {"alert_volume": "passed", "recall": "passed", "value_recall": "passed"}
    assert evidence.verdict == "passed"
    recall = named(evidence, "recall")
    assert recall.candidate == pytest.approx(0.7, abs=0.04)
    assert recall.against == pytest.approx(0.6, abs=0.04)
    assert recall.value == pytest.approx(0.1, abs=0.03)
    assert recall.interval is not None
    assert recall.value is not None
    assert 0.05 < recall.interval[0] < recall.value < recall.interval[1] < 0.15
    assert recall.period is not None
    assert recall.period.frauds == 28 * A_DAY // FRAUD_EVERY
    # 53 days are mature, and the newest 28 of them judge.
    assert (recall.period.from_time, recall.period.to_time) == ("2026-03-26T00:00:00.000Z", "2026-04-23T00:00:00.000Z")
    volume = named(evidence, "alert_volume")
    assert volume.period is not None
    assert volume.period.purchases == 7 * A_DAY
    assert volume.period.to_time == "2026-04-29T23:57:07.200001Z"
    assert volume.value == pytest.approx(28, abs=6)
    assert volume.limit == 50
    assert evidence.origin is not None
    assert (evidence.origin.sha256, evidence.origin.rows) == (SHA, DAYS * A_DAY)
    assert evidence.budget == 40


def test_more_alerts_than_the_budget_fail_whatever_they_catch(settings: Settings) -> None:
    """One purchase in ten, all frauds among them."""
    rows = purchases()
    evidence = evidence_of(backtest(rows.fraud | (np.arange(len(rows)) % 10 == 0), 0.6, of=rows), settings)
    assert results(evidence) == {"alert_volume": "failed", "recall": "passed", "value_recall": "passed"}
    assert evidence.verdict == "failed"
    sentence = named(evidence, "alert_volume").sentence
    assert "beyond the 50.00 that the budget of 40 allows" in sentence
    assert "on the newest 7 days" in sentence


def test_only_the_newest_days_count_for_volume(settings: Settings) -> None:
    """A rule set that was loud for 53 days and is quiet now is within the budget."""
    rows = purchases()
    loud = rows.fraud | (rows.event_us < START_US + 53 * DAY_US)
    assert results(evidence_of(backtest(loud, 0.6, of=rows), settings))["alert_volume"] == "passed"


def test_the_budget_of_the_calibration_counts_before_the_settings(settings: Settings) -> None:
    """28 alerts in a thousand are within 40, and over the 5 that the rule set was fitted for."""
    found = calibration(sha256=OTHER_SHA, until_us=START_US, budget=5.0)
    write(found, settings)
    evidence = evidence_of(backtest(0.7, 0.6, new=rule_set("2.0.0", calibration=found.id)), settings)
    assert evidence.budget == 5
    assert results(evidence)["alert_volume"] == "failed"


def test_a_loss_of_recall_beyond_what_is_allowed_fails(settings: Settings) -> None:
    """A fifth of the frauds less, where a twentieth may be lost; the interval reaches no further up than that."""
    evidence = evidence_of(backtest(0.6, 0.8), settings)
    assert results(evidence) == {"alert_volume": "passed", "recall": "failed", "value_recall": "failed"}
    recall = named(evidence, "recall")
    assert recall.interval is not None
    assert recall.interval[1] < recall.limit == -0.05
    assert "beyond the 5.0 points that may be lost" in recall.sentence


def test_a_loss_that_may_be_larger_than_allowed_does_not_pass_either(settings: Settings) -> None:
    """Four points fewer are within five, the lower end of the interval is not: nobody knows that no more is lost."""
    evidence = evidence_of(backtest(0.56, 0.6), settings)
    recall = named(evidence, "recall")
    assert recall.value == pytest.approx(-0.04, abs=0.01)
    assert recall.interval is not None
    assert recall.interval[0] < recall.limit < recall.interval[1]
    assert recall.result == evidence.verdict == "insufficient"
    assert "perhaps beyond the 5.0 points that may be lost" in recall.sentence


def test_few_purchases_cannot_show_that_the_volume_is_within_the_budget(settings: Settings) -> None:
    """The newest day has twenty alerts in 500 purchases: forty in a thousand, and perhaps sixty."""
    day = settings_for(settings.root, BUDGET | {"volume_days": 1})
    assert results(evidence_of(backtest(1.0, 0.6), day))["alert_volume"] == "insufficient"


def test_what_both_catch_is_no_noise(settings: Settings) -> None:
    """The comparison is paired: of 560 frauds that both catch, or both miss, none differs."""
    recall = named(evidence_of(backtest(0.6, 0.6), settings), "recall")
    assert recall.value == 0
    assert recall.interval is not None
    assert -0.006 < recall.interval[0] < 0 < recall.interval[1] < 0.006


def test_frauds_of_a_handful_of_customers_are_a_handful(settings: Settings) -> None:
    """Hundreds of frauds on ten cards that both catch alike say little about the eleventh card."""
    rows = purchases()
    few = replace(rows, customer=np.where(rows.fraud, rows.customer % 10, rows.customer))
    recall = named(evidence_of(backtest(0.6, 0.6, of=few), settings), "recall")
    assert recall.period is not None
    assert (recall.period.frauds, recall.value, recall.result) == (560, 0, "insufficient")


def test_a_large_fraud_missed_counts_by_its_money(settings: Settings) -> None:
    """Candidate and live one catch as many; the candidate catches the cheap ones."""
    rows = purchases()
    median = np.median(rows.amount_minor[rows.fraud])
    cheap, dear = rows.fraud & (rows.amount_minor <= median), rows.fraud & (rows.amount_minor > median)
    evidence = evidence_of(backtest(cheap, dear, of=rows), settings)
    recall, value_recall = named(evidence, "recall"), named(evidence, "value_recall")
    assert recall.value is not None
    assert value_recall.value is not None
    assert recall.value > 0 > value_recall.value
    assert (recall.result, value_recall.result) == ("passed", "failed")


def test_a_live_rule_set_beyond_the_budget_counts_within_it(settings: Settings) -> None:
    """It catches everything with 140 alerts in 1,000; of those 50 can be looked at, and all look alike to them."""
    rows = purchases()
    flood = rows.fraud | (np.arange(len(rows)) % 10 == 0)
    evidence = evidence_of(backtest(0.7, flood, of=rows), settings)
    recall = named(evidence, "recall")
    assert recall.against_all == 1
    assert recall.against == pytest.approx(50 / 140, abs=0.01)
    assert recall.candidate == pytest.approx(0.7, abs=0.04)
    assert "which catches 35.7% within that volume and 100.0% in all" in recall.sentence
    assert evidence.verdict == "passed"
    assert named(evidence_of(backtest(0.7, 0.6), settings), "recall").against_all is None


def test_the_highest_scores_come_first_within_a_volume() -> None:
    """Three alerts fit: the best, the second, and one of the two that tie for the third place."""
    scores = np.array([5, 9, 1, 7, 5, 0])
    alert = np.array([True, True, False, True, True, True])
    assert within_volume(scores, alert, 3).tolist() == [0.5, 1, 0, 1, 0.5, 0]
    assert within_volume(scores, alert, 9).tolist() == alert.tolist()
    assert within_volume(scores, alert, 0).sum() == 0
    assert within_volume(scores[:0], alert[:0], 0).tolist() == []


@pytest.mark.parametrize(("every", "frauds"), [(600, 45), (530, 50)])
def test_fewer_than_fifty_frauds_are_insufficient_never_a_pass(settings: Settings, every: int, frauds: int) -> None:
    """All mature days hold 45, or 50; the second reaches back further than the newest 28 days for them."""
    rows = purchases(fraud_every=every)
    evidence = evidence_of(backtest(rows.fraud, rows.fraud, of=rows), settings)
    recall = named(evidence, "recall")
    assert recall.period is not None
    assert recall.period.frauds == frauds
    assert recall.result == evidence.verdict == ("passed" if frauds == 50 else "insufficient")
    assert (recall.value is None) is (frauds < 50)
    assert frauds == 50 or "45 frauds with mature labels after the training end, of 50 needed" in recall.sentence


def test_labels_that_are_not_due_yet_judge_nothing(settings: Settings) -> None:
    """Frauds reported early in the last seven days stay out, since the others around them are not known yet."""
    rows = purchases()
    assert mature_until(rows) == START_US + (DAYS - DELAY_DAYS) * DAY_US
    assert (rows.fraud & rows.mature & (rows.event_us >= mature_until(rows))).sum() > 100
    fresh = rows.event_us >= mature_until(rows)
    evidence = evidence_of(backtest(rows.fraud & ~fresh, rows.fraud, of=rows), settings)
    assert named(evidence, "recall").value == 0


def test_a_candidate_fitted_here_is_judged_after_its_training_end_only(settings: Settings) -> None:
    """Trained until day 51: two mature days are left, with 40 frauds."""
    training = Training(START_US + 51 * DAY_US, 25_500, 1000)
    evidence = evidence_of(backtest(0.9, 0.6, training=training), settings)
    assert evidence.trained_until == "2026-04-21T00:00:00.000Z"
    recall = named(evidence, "recall")
    assert recall.period is not None
    assert recall.period.from_time == "2026-04-21T00:00:00.000Z"
    assert (recall.period.frauds, recall.result) == (40, "insufficient")


def test_the_calibration_says_where_training_on_the_file_ended(settings: Settings) -> None:
    """Until day 30: 23 mature days are left, with 460 frauds."""
    found = calibration(sha256=SHA, until_us=START_US + 30 * DAY_US)
    write(found, settings)
    evidence = evidence_of(backtest(0.7, 0.6, new=rule_set("2.0.0", calibration=found.id)), settings)
    recall = named(evidence, "recall")
    assert recall.period is not None
    assert (recall.period.from_time, recall.period.frauds) == ("2026-03-31T00:00:00.000Z", 460)
    assert evidence.trained_until == "2026-03-31T00:00:00.000Z"
    assert evidence.verdict == "passed"


def test_a_training_end_counts_for_the_same_shop_under_another_hash(settings: Settings) -> None:
    """A longer export of the same purchases has another hash."""
    found = calibration(sha256=OTHER_SHA, until_us=START_US + 51 * DAY_US)
    write(found, settings)
    evidence = evidence_of(backtest(0.7, 0.6, new=rule_set("2.0.0", calibration=found.id)), settings)
    assert evidence.verdict == "insufficient"


def test_an_unknown_training_end_on_the_very_rows_is_insufficient(settings: Settings) -> None:
    """On other rows it is not: the calibration of a public data set has nothing to do with a shop's purchases."""
    same, other = calibration(sha256=SHA), calibration(sha256=OTHER_SHA)
    write(same, settings)
    write(other, settings)
    evidence = evidence_of(backtest(0.9, 0.6, new=rule_set("2.0.0", calibration=same.id)), settings)
    assert results(evidence) == {"alert_volume": "passed", "recall": "insufficient", "value_recall": "insufficient"}
    assert "the very rows that would judge it" in named(evidence, "recall").sentence
    clear = evidence_of(backtest(0.9, 0.6, new=rule_set("2.0.0", calibration=other.id)), settings)
    assert clear.verdict == "passed"
    assert clear.notes == ("Rule set 2.0.0 was fitted on other purchases than these.",)


def test_a_calibration_that_is_not_on_file_is_insufficient(settings: Settings) -> None:
    """Nobody knows what it was fitted on; a proposal's counts like a released one."""
    found = calibration(sha256=SHA, until_us=START_US)
    new = rule_set("2.0.0", calibration=found.id)
    assert evidence_of(backtest(0.9, 0.6, new=new), settings).verdict == "insufficient"
    assert evidence_of(backtest(0.9, 0.6, new=new), settings, calibration=found).verdict == "passed"
    folder = settings.proposals_dir / found.id / "calibrations"
    folder.mkdir(parents=True)
    (folder / f"{found.id}.json").write_text(found.text(), encoding="utf-8")
    assert evidence_of(backtest(0.9, 0.6, new=new), settings).verdict == "passed"


def test_a_first_promotion_is_held_against_the_budget_alone(settings: Settings) -> None:
    """There is nothing to lose by it."""
    evidence = evidence_of(backtest(0.1, None), settings)
    assert results(evidence) == {"alert_volume": "passed"}
    assert (evidence.against, evidence.verdict) == (None, "passed")


def test_the_same_backtest_gives_the_same_figures(settings: Settings) -> None:
    """Resamples are seeded."""
    first, second = (evidence_of(backtest(0.65, 0.6), settings) for _ in range(2))
    assert first.gates == second.gates


def test_without_purchases_nothing_passes(settings: Settings) -> None:
    """Nor does anything break."""
    none = np.zeros(0, dtype=np.int64)
    rows = replace(
        purchases(), event_us=none, amount_minor=none, known_us=none, customer=none, fraud=none.astype(np.bool_)
    )
    evidence = evidence_of(backtest(0.6, 0.6, of=rows), settings)
    assert set(results(evidence).values()) == {"insufficient"}
    assert len(evidence.gates) == 3
