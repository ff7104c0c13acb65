"""What alerts are worth, as data: what they catch and miss, beside other ways of alerting, and who stands behind.

A part of `streamflow.backtest.findings`, which says what holds for all of it.
"""

from __future__ import annotations

from streamflow.backtest.estimates import Estimate, Part

AMOUNT_ALONE = "amount alone"
RANDOM = "random"
PLAIN = "three fixed rules"
TOGETHER = "together"


class Caught(Part, frozen=True):
    """What a set of alerts catches.

    Attributes:
        name: A rule, for the alerts in which it weighs; `together` for all.
        alerts: Alerts among the judged purchases.
        alerts_a_day: The same a day of the judged period.
        precision: Share of the alerts that are fraud.
        recall: Share of the frauds that are alerts.
        caught_minor: Money of the fraud among the alerts.
        missed_minor: Money of the other fraud.
        value_recall: Share of the money of fraud that is caught.
        fires_on: Share of all judged purchases on which it weighs, alert or not; of `together` the alerts.
        not_applicable: Why the rule had nothing to work on; empty when it had.
    """

    name: str
    alerts: Estimate
    alerts_a_day: Estimate
    precision: Estimate
    recall: Estimate
    caught_minor: Estimate
    missed_minor: Estimate
    value_recall: Estimate
    fires_on: Estimate
    not_applicable: str = ""


class Judged(Part, frozen=True):
    """One way of alerting, judged.

    Attributes:
        name: `rule set 1.1.0`, `three fixed rules`, `amount alone` or `random`.
        role: scored, against, plain or baseline.
        version: Of the rule set; None for a baseline.
        sha256: Of the rule set's content.
        calibration: The calibration that the rule set names.
        threshold: Score from which a purchase is an alert; minor units for the amount alone.
        together: All alerts.
        rules: The alerts in which each rule weighs.
        average_precision: How well the score ranks, whatever the threshold.
        precision_at_100_a_day: Mean over days of the share of fraud in the day's 100 highest scores.
    """

    name: str
    role: str
    together: Caught
    average_precision: Estimate
    precision_at_100_a_day: Estimate
    rules: tuple[Caught, ...] = ()
    version: str | None = None
    sha256: str | None = None
    calibration: str | None = None
    threshold: float | None = None


class Difference(Part, frozen=True):
    """One way of alerting less another, on the same resamples.

    Attributes:
        of: The one.
        minus: The other.
        average_precision: Difference in average precision.
        recall: Difference in recall, each at its own threshold.
        value_recall: Difference in the share of money caught.
        precision: Difference in precision.
    """

    of: str
    minus: str
    average_precision: Estimate
    recall: Estimate
    value_recall: Estimate
    precision: Estimate


class Beat(Part, frozen=True):
    """Whether the rules rank better than a baseline.

    Attributes:
        name: The baseline.
        beats: Whether the whole paired interval of average precision lies above zero; None when nothing can be said.
        sentence: The same in words.
    """

    name: str
    beats: bool | None
    sentence: str


class Volume(Part, frozen=True):
    """Alerts of the whole period, those whose labels are not mature included.

    Attributes:
        name: The rule set.
        alerts: How many.
        alerts_a_day: A day of the period.
        alerts_per_1000: In a thousand purchases.
    """

    name: str
    alerts: Estimate
    alerts_a_day: Estimate
    alerts_per_1000: Estimate


class Culprit(Part, frozen=True):
    """A customer or a merchant behind misses or false alerts.

    Attributes:
        name: Its name, masked where it is personal.
        purchases: Judged purchases.
        frauds: Of them, fraud.
        missed: Fraud that was no alert.
        missed_minor: Its money.
        caught_minor: Money of fraud that was an alert.
        false_alerts: Alerts that are no fraud.
    """

    name: str
    purchases: int
    frauds: int
    missed: int
    missed_minor: int
    caught_minor: int
    false_alerts: int


class Misses(Part, frozen=True):
    """Who stands behind the worst misses, and behind most false alerts; worst first.

    Attributes:
        missed_customers: By money of missed fraud.
        missed_merchants: The same; None when the source has no merchants.
        false_customers: By false alerts.
        false_merchants: The same.
        masked: Whether names of customers are masked.
    """

    missed_customers: tuple[Culprit, ...]
    missed_merchants: tuple[Culprit, ...] | None
    false_customers: tuple[Culprit, ...]
    false_merchants: tuple[Culprit, ...] | None
    masked: bool


class Alerts(Part, frozen=True):
    """A group of alerts in a comparison.

    Attributes:
        alerts: Judged alerts.
        frauds: Of them, fraud.
        fraud_minor: Money of that fraud.
        other_minor: Money of the rest, whose customers were bothered.
        precision: Share of fraud.
        waiting: Further alerts of the period whose labels are not mature.
        by_rule: In how many of the judged ones each rule weighs, by the rule set that raised them.
    """

    alerts: int
    frauds: int
    fraud_minor: int
    other_minor: int
    precision: Estimate
    waiting: int
    by_rule: dict[str, int]


class Changes(Part, frozen=True):
    """What the judged rule set alerts on, and the one that it is compared with does not, and the other way round."""

    name: str
    against: str
    gained: Alerts
    lost: Alerts
    both: Alerts
