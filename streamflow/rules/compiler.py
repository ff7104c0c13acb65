"""From a rule set, as its contract states it, to a scorecard that runs."""

from __future__ import annotations

from streamflow.contracts.rule_sets import Measure, RuleSet
from streamflow.errors import InputError
from streamflow.rules.blacklist import Blacklist
from streamflow.rules.geographic import Geographic
from streamflow.rules.high_value import HighValue
from streamflow.rules.history import HISTORY_LIMIT
from streamflow.rules.ladder import Ladder, Rung
from streamflow.rules.scorecard import Scorecard
from streamflow.rules.time_anomaly import TimeAnomaly
from streamflow.rules.velocity import Velocity

_SECOND_US = 1_000_000
_WHOLE = {("high_value", "amount_minor"), ("velocity", "purchases"), ("blacklist", "listed")}


def compile_rule_set(rule_set: RuleSet) -> Scorecard:
    """Make a rule set ready to run.

    Args:
        rule_set: A rule set that keeps its contract.

    Returns:
        The scorecard.

    Raises:
        InputError: A band asks for more purchases than state keeps, or a count has fractions.
    """
    for rule, measure, stated in rule_set.measures():
        if (rule, measure) in _WHOLE and stated.digits:
            raise InputError(
                f"Rule set {rule_set.version}: {rule}.{measure} is a whole number, so its digits must be 0, "
                f"not {stated.digits}."
            )
    rules = rule_set.rules
    most = max((band.at_least for band in rules.velocity.measures.purchases.bands), default=0)
    if most > HISTORY_LIMIT + 1:
        raise InputError(
            f"Rule set {rule_set.version}: velocity.purchases asks for {most} purchases; state keeps {HISTORY_LIMIT} "
            f"earlier ones, so the highest bound is {HISTORY_LIMIT + 1}."
        )
    amounts, places, listings = rules.high_value.measures, rules.geographic.measures, rules.blacklist.measures
    return Scorecard(
        rule_set=rule_set,
        version=rule_set.version,
        calibration_id=rule_set.calibration,
        calibrated=rule_set.score_calibrated,
        prior_ulo=rule_set.prior_ulo,
        alert_threshold_ulo=rule_set.alert_threshold_ulo,
        score_digits=rule_set.score_digits,
        high_value=HighValue(
            rules.high_value.min_history,
            _ladder("ratio_to_mean", amounts.ratio_to_mean),
            _ladder("amount_minor", amounts.amount_minor),
        ),
        velocity=Velocity(
            rules.velocity.window_s,
            rules.velocity.window_s * _SECOND_US,
            _ladder("purchases", rules.velocity.measures.purchases),
        ),
        geographic=Geographic(
            rules.geographic.window_s,
            rules.geographic.window_s * _SECOND_US,
            _ladder("distance_km", places.distance_km),
            _ladder("speed_kmh", places.speed_kmh),
        ),
        time_anomaly=TimeAnomaly(
            rules.time_anomaly.min_history,
            rules.time_anomaly.min_sigma_min,
            _ladder("deviation_sigma", rules.time_anomaly.measures.deviation_sigma),
        ),
        blacklist=Blacklist(_ladder("listed", listings.listed), _ladder("risk", listings.risk)),
    )


def _ladder(name: str, measure: Measure) -> Ladder:
    rungs = [Rung(band.id, band.at_least, band.weight_ulo) for band in measure.bands]
    return Ladder(name, measure.unit, measure.digits, rungs)
