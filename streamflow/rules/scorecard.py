"""The scorecard: five weighted lines, one score.

Score = logistic(prior log-odds + sum of the lines' weights). Sums and comparisons are integers in micro log-odds; the
logistic is only for display and is rounded to the rule set's digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamflow.contracts.rule_sets import RuleSet
from streamflow.rules.blacklist import Blacklist, Entry
from streamflow.rules.geographic import Geographic
from streamflow.rules.high_value import HighValue
from streamflow.rules.history import CustomerState, Sums
from streamflow.rules.model import Line, Purchase
from streamflow.rules.time_anomaly import TimeAnomaly
from streamflow.rules.velocity import Velocity


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a scorecard says about one purchase when at least one line weighs something.

    Attributes:
        log_odds_ulo: Prior plus weights, micro log-odds.
        score: The probability, rounded.
        is_alert: Whether the log-odds reach the alert threshold.
        lines: Five of them, in the order of `model.RULES`.
        evidence: Ids of the earlier purchases that lines rest on, each once.
    """

    log_odds_ulo: int
    score: float
    is_alert: bool
    lines: tuple[Line, ...]
    evidence: tuple[str, ...]


def logistic(log_odds_ulo: int, digits: int) -> float:
    """Return the probability behind micro log-odds, rounded; far ends are exactly 0 and 1."""
    odds = max(-700.0, min(700.0, log_odds_ulo / 1_000_000))
    return round(1.0 / (1.0 + math.exp(-odds)), digits)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A rule set made ready to run.

    Attributes:
        rule_set: What it was made from.
        version: The rule set's version.
        calibration_id: The calibration that its figures come from, if any.
        calibrated: Whether the score is a probability that was checked against labels.
        prior_ulo: Log-odds before any line, micro.
        alert_threshold_ulo: Log-odds from which it is an alert, micro.
        score_digits: Decimal digits of the score.
        high_value: The rule of that name.
        velocity: The rule of that name.
        geographic: The rule of that name.
        time_anomaly: The rule of that name.
        blacklist: The rule of that name.
    """

    rule_set: RuleSet
    version: str
    calibration_id: str | None
    calibrated: bool
    prior_ulo: int
    alert_threshold_ulo: int
    score_digits: int
    high_value: HighValue
    velocity: Velocity
    geographic: Geographic
    time_anomaly: TimeAnomaly
    blacklist: Blacklist

    @property
    def base_score(self) -> float:
        """The score of a purchase about which no rule has anything to say, and no record is written."""
        return logistic(self.prior_ulo, self.score_digits)

    def assess(
        self,
        purchase: Purchase,
        sums: Sums,
        history: CustomerState,
        end: int,
        entry: Entry | None,
    ) -> Assessment | None:
        """Score one purchase.

        Args:
            purchase: The purchase.
            sums: Sums over everything before it.
            history: The customer's window lists.
            end: Rows of them that come before the purchase.
            entry: The blacklist entry that holds for it, if any.

        Returns:
            The assessment, or None when no line weighs anything; lines are only built when one does.
        """
        legit_sum, legit_count = sums.lane(self.version)
        weights = (
            self.high_value.evaluate(purchase, legit_sum, legit_count),
            self.velocity.evaluate(purchase, history, end),
            self.geographic.evaluate(purchase, history, end),
            self.time_anomaly.evaluate(purchase, sums),
            self.blacklist.evaluate(entry),
        )
        if not any(weights):
            return None
        return self.explain(purchase, sums, history, end, entry)

    def explain(
        self,
        purchase: Purchase,
        sums: Sums,
        history: CustomerState,
        end: int,
        entry: Entry | None,
    ) -> Assessment:
        """Score one purchase with its five lines, whatever they weigh; arguments as for `assess`."""
        legit_sum, legit_count = sums.lane(self.version)
        lines = (
            self.high_value.line(purchase, legit_sum, legit_count),
            self.velocity.line(purchase, history, end),
            self.geographic.line(purchase, history, end),
            self.time_anomaly.line(purchase, sums),
            self.blacklist.line(purchase, entry),
        )
        evidence: dict[str, None] = {}
        if lines[1].weight_ulo:
            evidence.update(dict.fromkeys(self.velocity.evidence(purchase, history, end)))
        if lines[2].weight_ulo:
            evidence.update(dict.fromkeys(self.geographic.evidence(purchase, history, end)))
        log_odds = self.prior_ulo + sum(line.weight_ulo for line in lines)
        return Assessment(
            log_odds,
            logistic(log_odds, self.score_digits),
            log_odds >= self.alert_threshold_ulo,
            lines,
            tuple(evidence),
        )
