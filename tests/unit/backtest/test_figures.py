"""What a backtest says: each figure against one worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from streamflow.backtest import resampling
from streamflow.backtest.daily import DailyTop
from streamflow.backtest.estimates import Estimate, estimates
from streamflow.backtest.figures import judge
from streamflow.backtest.findings import Findings
from streamflow.backtest.resampling import Resamples
from streamflow.backtest.worth import AMOUNT_ALONE, PLAIN, RANDOM, Caught, Judged
from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.rule_sets import CHECKOUT, RULES
from streamflow.datasets.table import Ints
from tests.unit.backtest.figure_cases import ALERT, BY_HAND, LAST_HOUR, Row, case, drawn, rules


def rule(found: Findings, name: str) -> Caught:
    """Return what a rule of the judged rule set catches."""
    return next(one for one in found.main.rules if one.name == name)


def other(found: Findings, name: str) -> Judged:
    """Return another way of alerting, which must be there."""
    one = found.one(name)
    assert one is not None
    return one


def value(one: Estimate) -> float:
    """Return a value that must be there, with an interval around it."""
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    assert one.low <= one.value <= one.high
    return one.value


def test_all_alerts_together_are_worth_what_a_hand_count_says() -> None:
    """Three alerts in two days, two of three frauds, 4,000 of 6,000."""
    found = judge(case(BY_HAND))
    together = found.main.together
    assert (found.coverage.purchases, found.coverage.judged, found.coverage.frauds) == (6, 6, 3)
    assert value(together.alerts) == 3
    assert value(together.alerts_a_day) == pytest.approx(1.5)
    assert value(together.precision) == pytest.approx(2 / 3, abs=1e-6)
    assert value(together.recall) == pytest.approx(2 / 3, abs=1e-6)
    assert (value(together.caught_minor), value(together.missed_minor)) == (4000, 2000)
    assert value(together.value_recall) == pytest.approx(2 / 3, abs=1e-6)


def test_a_rule_counts_the_alerts_in_which_it_weighs() -> None:
    """high_value weighs in two alerts, both fraud; velocity in two, one of them fraud; the others in none."""
    found = judge(case(BY_HAND))
    assert [one.name for one in found.main.rules] == list(RULES)
    assert (value(rule(found, "high_value").precision), value(rule(found, "high_value").alerts)) == (1, 2)
    assert value(rule(found, "velocity").precision) == 0.5
    assert value(rule(found, "velocity").recall) == pytest.approx(1 / 3, abs=1e-6)
    silent = rule(found, "time_anomaly")
    assert (silent.alerts.value, silent.precision.value, silent.precision.reason) == (0, None, "no alerts")


def test_a_rule_that_weighs_below_the_threshold_fires_without_an_alert() -> None:
    """It weighs on one purchase of three, and no alert is its own."""
    found = judge(case([Row(0, 0, weights={"velocity": 1}), Row(1, 1, fraud=True), Row(LAST_HOUR, 2)]))
    assert value(rule(found, "velocity").fires_on) == pytest.approx(1 / 3, abs=1e-6)
    assert rule(found, "velocity").alerts.value == 0


def test_average_precision_takes_equal_scores_as_one_step() -> None:
    """One fraud at the top, one among the next two, one among all six: a third each of 1, 2/3 and 1/2."""
    found = judge(case(BY_HAND))
    assert value(found.main.average_precision) == pytest.approx((1 + 2 / 3 + 1 / 2) / 3, abs=1e-6)


def test_the_amount_alone_spends_as_many_alerts_on_the_largest_amounts() -> None:
    """9,000 is no fraud, 3,000 and 2,000 are."""
    amount = other(judge(case(BY_HAND)), AMOUNT_ALONE)
    assert value(amount.together.alerts) == 3
    assert value(amount.together.precision) == pytest.approx(2 / 3, abs=1e-6)
    assert value(amount.together.value_recall) == pytest.approx(5 / 6, abs=1e-6)
    assert amount.threshold == 2000


def test_amounts_that_tie_at_the_edge_are_taken_in_part() -> None:
    """One alert among four purchases of the same amount, one of which is fraud: a quarter of it is caught."""
    rows = [Row(0, 0, fraud=True), Row(1, 1, weights={"velocity": ALERT}), Row(2, 2), Row(LAST_HOUR, 3)]
    amount = other(judge(case(rows)), AMOUNT_ALONE)
    assert value(amount.together.alerts) == 1
    assert value(amount.together.recall) == pytest.approx(0.25)


def test_a_random_draw_is_worth_the_share_of_fraud() -> None:
    """Half of the purchases are fraud, and half of them are alerts."""
    random = other(judge(case(BY_HAND)), RANDOM)
    assert value(random.together.precision) == pytest.approx(0.5)
    assert value(random.together.recall) == pytest.approx(0.5)
    assert value(random.average_precision) == pytest.approx(0.5)
    # Two of four on the first day, one of two on the second.
    assert value(random.precision_at_100_a_day) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scores", "fraud", "expected"),
    [
        pytest.param([9, 5, 5, 1], [1, 1, 0, 0], 1.0, id="of equal scores the first row is taken"),
        pytest.param([9, 5, 5, 1], [1, 0, 1, 0], 0.5, id="and not the second"),
        pytest.param([1, 9, 5, 9], [0, 1, 1, 1], 1.0, id="the order of rows does not matter otherwise"),
    ],
)
def test_precision_at_k_a_day_looks_at_the_k_highest_scores(
    scores: list[int], fraud: list[int], expected: float
) -> None:
    """Two purchases a day, one day."""
    rows = len(scores)
    customers = np.arange(rows)
    top = DailyTop.of(np.array(scores), np.zeros(rows, dtype=np.int64), np.array(fraud, dtype=bool), customers, k=2)
    assert top.precision(Resamples.of(customers, 5, 1))[0] == expected


def test_precision_at_k_a_day_is_the_mean_over_days_and_takes_all_of_a_short_day() -> None:
    """A day with one fraud in its top two, and a day of a single fraud: the mean of 1/2 and 1."""
    customers = np.arange(4)
    day, fraud = np.array([0, 0, 0, 1]), np.array([True, False, True, True])
    top = DailyTop.of(np.array([3, 2, 1, 0]), day, fraud, customers, k=2)
    assert top.precision(Resamples.of(customers, 5, 1))[0] == pytest.approx(0.75)


def test_purchases_whose_labels_are_not_mature_count_in_the_volume_only() -> None:
    """As of hour 50 the labels of 24 hours are known up to hour 26.

    ```
    hour    0  1  2  3  ......  26  ......  30 ............. 48     50
            f  .  f  a          |           f a              .      as of
            judged              labels to come
    ```
    """
    found = judge(case(BY_HAND, as_of_h=50))
    coverage = found.coverage
    assert (coverage.purchases, coverage.judged, coverage.waiting) == (6, 5, 1)
    # The last purchase waits, so everything before it is judged.
    early = [*BY_HAND[:4], Row(25, 5), replace(BY_HAND[4], known_h=1.0), *BY_HAND[5:]]
    found = judge(case(early, as_of_h=48))
    coverage = found.coverage
    assert (coverage.judged, coverage.waiting, coverage.frauds, coverage.frauds_waiting) == (4, 3, 2, 1)
    assert value(found.main.together.alerts) == 2
    assert value(found.volume[0].alerts) == 3
    assert coverage.judged_to.startswith("2026-03-02T01")


def test_fraud_that_nobody_knew_of_counts_as_none() -> None:
    """A chargeback that comes after the moment of the backtest is not known, and the coverage says so."""
    rows = [replace(BY_HAND[0], known_h=500.0), *BY_HAND[1:]]
    found = judge(case(rows, as_of_h=100))
    assert (found.coverage.judged, found.coverage.frauds, found.coverage.frauds_late) == (6, 2, 1)
    assert value(found.main.together.precision) == pytest.approx(1 / 3, abs=1e-6)
    assert any("turned out to be fraud" in note for note in found.notes)


def test_purchases_before_the_period_make_history_only() -> None:
    """One purchase of the day before."""
    found = judge(case([Row(-10, 0, fraud=True, weights={"velocity": ALERT}), *BY_HAND]))
    assert (found.coverage.history, found.coverage.purchases, found.coverage.frauds) == (1, 6, 3)


def test_without_fraud_figures_are_null_and_say_why() -> None:
    """Precision is known, recall is not, nothing is NaN."""
    found = judge(case([replace(one, fraud=False) for one in BY_HAND]))
    assert found.main.together.precision.value == 0
    assert found.main.together.recall == Estimate(value=None, reason="no fraud among the judged purchases")
    assert found.main.average_precision.value is None
    assert "nothing more can be said" in found.headline
    assert found.beats[0].beats is None
    assert found.curves == ()
    holds_no_nan(found)


def test_without_a_mature_label_nothing_is_judged_but_the_volume() -> None:
    """As of the first hour no label is known."""
    found = judge(case([Row(0, 5), *BY_HAND[1:]], as_of_h=0.5))
    assert (found.coverage.judged, found.coverage.waiting) == (0, 6)
    assert "cannot be judged" in found.headline
    assert value(found.volume[0].alerts) == 2
    assert found.main.together.precision.reason == "no purchase of the period has a mature label"
    holds_no_nan(found)


def test_a_period_without_purchases_is_no_error() -> None:
    """The only purchase lies before it."""
    found = judge(case([Row(-5, 0)]))
    assert found.coverage.purchases == 0
    assert "cannot be judged" in found.headline
    holds_no_nan(found)


def holds_no_nan(found: Findings) -> None:
    """Every figure is finite, or null with a reason; msgspec would write NaN as null without one."""
    every = list(estimates(found))
    assert len(every) > 40
    for path, one in every:
        assert one.value is not None or one.reason, path
        for number in (one.value, one.low, one.high):
            assert number is None or np.isfinite(number), path
    assert msgspec.json.decode(msgspec.json.encode(found), type=Findings) == found


def test_a_rule_without_a_column_to_work_on_says_not_applicable() -> None:
    """No merchants, no coordinates, and a rule set without a band for one rule."""
    base = rules("2.0.0")
    bare = msgspec.structs.replace(
        base,
        rules=msgspec.structs.replace(
            base.rules,
            velocity=msgspec.structs.replace(base.rules.velocity, measures=type(base.rules.velocity.measures)()),
        ),
    )
    found = judge(
        case(BY_HAND, merchants=False, rule_set=bare, not_applicable={"geographic": "no coordinates in the source"})
    )
    assert rule(found, "blacklist").not_applicable == "no merchants in the source"
    assert rule(found, "blacklist").precision.reason == "not applicable: no merchants in the source"
    assert rule(found, "geographic").not_applicable == "no coordinates in the source"
    assert rule(found, "velocity").not_applicable == "no band in this rule set"
    assert rule(found, "high_value").not_applicable == ""
    assert found.misses.missed_merchants is None


def test_where_all_or_nothing_was_seen_the_interval_is_not_a_point() -> None:
    """Two alerts of one customer, both fraud: as many alerts of another could well be false."""
    precision = rule(judge(case(BY_HAND)), "high_value").precision
    assert (precision.value, precision.high) == (1, 1)
    assert precision.low is not None
    assert precision.low < 0.5


def test_the_same_rule_set_differs_from_itself_by_nothing() -> None:
    """Paired draws leave no noise at all, and 'the whole interval above zero' does not hold."""
    found = judge(case(BY_HAND, against=[one.weights for one in BY_HAND]))
    less = next(one for one in found.differences if one.minus == "rule set 1.0.0")
    for one in (less.average_precision, less.recall, less.value_recall, less.precision):
        assert (one.value, one.low, one.high) == (0, 0, 0)


def test_rules_that_rank_better_beat_the_baselines_in_words() -> None:
    """Alerts on 60 % of the frauds against amounts that say nothing and a fixed set with 20 %."""
    found = judge(drawn(3), resamples=100)
    assert [one.name for one in found.beats] == [AMOUNT_ALONE, PLAIN]
    assert found.coverage.frauds > 50
    for one in found.beats:
        assert one.beats is True
        assert one.sentence.startswith(f"The rules beat the {one.name}: average precision 0.")
        assert "fewer than" not in one.sentence


def test_rules_that_rank_no_better_are_said_not_to() -> None:
    """Alerts on purchases drawn at random."""
    backtest = drawn(4)
    rng = np.random.default_rng(1)
    guessed = {name: rng.permutation(weights) for name, weights in backtest.scored.weights_ulo.items()}
    prior = np.int64(backtest.scored.rule_set.prior_ulo)
    log_odds: Ints = prior + np.sum(list(guessed.values()), axis=0, dtype=np.int64)
    guessing = replace(backtest.scored, log_odds_ulo=log_odds, weights_ulo=guessed)
    found = judge(replace(backtest, scored=guessing), resamples=100)
    assert [one.beats for one in found.beats] == [False, False]
    assert found.beats[1].sentence.startswith("The rules do not beat the three fixed rules")


def test_a_baseline_that_catches_more_money_is_said_to() -> None:
    """Thirty customers: the rules catch all frauds but the dearest, which the amount alone would catch."""
    rows = []
    for customer in range(30):
        rows.append(Row(customer, customer, 100, fraud=True, weights={"velocity": ALERT}))
        rows.append(Row(customer + 0.1, customer, 500_000, fraud=True))
        rows.append(Row(customer + 0.2, customer, 50))
    amount = judge(case(rows), resamples=100).beats[0]
    assert amount.name == AMOUNT_ALONE
    assert "points less of the money" in amount.sentence


def test_without_fixed_rules_the_comparison_is_not_made() -> None:
    """And few frauds are said to be few."""
    found = judge(case(BY_HAND))
    assert found.beats[1].beats is None
    assert "--train-until" in found.beats[1].sentence
    assert "3 frauds only" in found.beats[0].sentence


def test_gained_and_lost_alerts_are_counted_with_labels_and_money() -> None:
    """The other one alerts on the missed fraud, on one that both catch, and on nothing else."""
    against: list[dict[str, int]] = [{}, {}, {"velocity": ALERT}, {}, {"geographic": ALERT}, {}]
    changes = judge(case(BY_HAND, against=against)).changes
    assert changes is not None
    assert (changes.gained.alerts, changes.gained.frauds) == (2, 1)
    assert (changes.gained.fraud_minor, changes.gained.other_minor) == (1000, 500)
    assert (changes.lost.alerts, changes.lost.frauds, changes.lost.fraud_minor) == (1, 1, 2000)
    assert (changes.both.alerts, changes.both.fraud_minor) == (1, 3000)
    assert changes.gained.by_rule["velocity"] == 1
    assert changes.lost.by_rule["velocity"] == 1


def test_the_worst_misses_are_named_by_merchant_and_masked_by_customer() -> None:
    """Customer 2 lost 2,000 unseen; names of customers appear only when asked for."""
    backtest = case(BY_HAND)
    masked, shown = judge(backtest).misses, judge(backtest, show_names=True).misses
    assert [one.missed_minor for one in masked.missed_customers] == [2000]
    assert "customer" not in masked.missed_customers[0].name
    assert shown.missed_customers[0].name == "customer-2"
    assert [one.name for one in shown.false_customers] == ["customer-3"]
    assert masked.missed_merchants is not None
    assert masked.missed_merchants[0].name == "seller-0"
    assert (masked.missed_merchants[0].purchases, masked.missed_merchants[0].false_alerts) == (6, 1)


def test_masking_follows_the_contract_of_transactions() -> None:
    """A customer is personal and a merchant is not; where that changes, so must misses.py."""
    topic = Catalogue.load(CHECKOUT).topic("transactions.raw")
    by_name = {column.name: column.classification for column in topic.columns}
    assert (by_name["customer_id"], by_name["merchant_id"]) == ("personal", "internal")


def test_days_and_weeks_add_up_to_the_whole() -> None:
    """Twenty days of purchases: every alert stands in one day, every fraud in one span."""
    found = judge(drawn(5), resamples=20)
    assert len(found.days) == 20
    assert sum(one.alerts for one in found.days) == found.volume[0].alerts.value
    assert sum(one.frauds for one in found.spans) == found.coverage.frauds
    assert sum(one.purchases for one in found.spans) == found.coverage.judged == 2400
    assert found.spans[0].days == 1
    longer = judge(case([Row(hour, hour % 7, fraud=hour % 50 == 0) for hour in range(24 * 28)], days=28), resamples=20)
    assert [one.days for one in longer.spans][:3] == [7, 7, 7]


def test_the_chosen_threshold_lies_on_the_curve() -> None:
    """The marked point is the recall and the precision of the alerts."""
    found = judge(case(BY_HAND))
    curve = found.curves[0]
    assert curve.chosen == pytest.approx((2 / 3, 2 / 3), abs=1e-6)
    assert curve.chosen in set(zip(curve.recall, curve.precision, strict=True))
    assert curve.recall[-1] == 1


def test_many_customers_share_their_draws_and_the_intervals_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 60 groups in place of 120 customers the recall's interval is about as wide."""
    backtest = drawn(6)
    each = judge(backtest).main.together.recall
    monkeypatch.setattr(resampling, "MAX_CLUSTERS", 60)
    shared = judge(backtest).main.together.recall
    assert each.value == shared.value
    assert each.low is not None
    assert each.high is not None
    assert shared.low is not None
    assert shared.high is not None
    assert (shared.high - shared.low) / (each.high - each.low) == pytest.approx(1, abs=0.35)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """And another seed gives other intervals of the same figures."""
    backtest = drawn(7)
    first, again = judge(backtest, resamples=50), judge(backtest, resamples=50)
    other_seed = judge(backtest, resamples=50, seed=2)
    assert msgspec.json.encode(first) == msgspec.json.encode(again)
    assert first.main.average_precision.value == other_seed.main.average_precision.value
    assert first.main.average_precision.low != other_seed.main.average_precision.low


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Over 60 draws of customers, 95 % intervals of the recall hold 0.6 at least 50 times; expected are 57."""
    held = []
    for seed in range(60):
        backtest = replace(drawn(100 + seed, customers=60, each=10), against=None, training=None)
        recall = judge(backtest, resamples=100).main.together.recall
        assert recall.low is not None
        assert recall.high is not None
        held.append(recall.low <= 0.6 <= recall.high)
    assert len(held) == 60
    assert sum(held) >= 50
