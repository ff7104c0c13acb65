"""What a backtest found, as data: every figure with its interval, or with the reason why there is none.

`msgspec.json.encode` turns it into the JSON of `streamflow backtest --json`; NaN and infinity never occur in it. Money
is in minor units, times are RFC 3339, shares lie between 0 and 1, intervals are 95 %.
"""

from __future__ import annotations

from streamflow.backtest.estimates import Estimate, Part
from streamflow.backtest.worth import Beat, Changes, Difference, Judged, Misses, Volume


class Bin(Part, frozen=True):
    """Purchases with neighbouring scores.

    Attributes:
        lowest: The lowest score among them.
        highest: The highest.
        purchases: How many.
        frauds: Of them, fraud.
        predicted: Mean score.
        observed: Share of fraud, with Wilson's interval on the customers' effective number.
    """

    lowest: float
    highest: float
    purchases: int
    frauds: int
    predicted: float
    observed: Estimate


class Reliability(Part, frozen=True):
    """Whether a score is a probability.

    Attributes:
        name: The rule set.
        calibrated: Whether the rule set says that its score was checked against labels.
        sentence: What a reader should make of it.
        bins: By score, lowest first.
        expected_calibration_error: Mean distance of predicted from observed over bins, weighted by purchases.
        observed_to_predicted: Frauds that came over the frauds that the scores add up to.
    """

    name: str
    calibrated: bool
    sentence: str
    bins: tuple[Bin, ...]
    expected_calibration_error: Estimate
    observed_to_predicted: Estimate


class Span(Part, frozen=True):
    """One stretch of time.

    Attributes:
        begins: Its first moment.
        days: Its length, days; the last one of a period may be shorter.
        purchases: Judged purchases.
        frauds: Of them, fraud.
        precision: Share of the alerts that are fraud.
        recall: Share of the frauds that are alerts.
        value_recall: Share of the money of fraud that is caught; no interval.
    """

    begins: str
    days: float
    purchases: int
    frauds: int
    precision: Estimate
    recall: Estimate
    value_recall: Estimate


class Day(Part, frozen=True):
    """One UTC day of the whole period.

    Attributes:
        date: The day.
        purchases: Purchases.
        alerts: Alerts of the judged rule set.
        against: Alerts of the one that it is compared with; None without one.
        caught: Alerts known to be fraud.
        frauds: Fraud known by then.
        mature: Whether all of the day's labels are mature.
    """

    date: str
    purchases: int
    alerts: int
    against: int | None
    caught: int
    frauds: int
    mature: bool


class Curve(Part, frozen=True):
    """Precision against recall as the limit falls.

    Attributes:
        name: What ranks.
        recall: Rising.
        precision: At each recall.
        alerts_a_day: At each recall.
        chosen: Place of the threshold in use, as (recall, precision); None where it alerts on nothing.
    """

    name: str
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    alerts_a_day: tuple[float, ...]
    chosen: tuple[float, float] | None = None


class Source(Part, frozen=True):
    """What was read; see `streamflow.backtest.scored.Origin`."""

    kind: str
    name: str
    sha256: str
    rows: int
    offsets: dict[str, tuple[int, int]] | None
    detail: str


class Coverage(Part, frozen=True):
    """Which purchases judged, and what labels were known.

    Attributes:
        from_time: First moment of the period.
        to_time: The first moment after it.
        judged_to: Before it every label is mature; purchases from here on are not judged.
        as_of: Labels that became known later do not count.
        label_delay_days: After so many days a purchase without a report of fraud counts as none; median.
        purchases: Purchases of the period.
        judged: Of them, judged.
        waiting: Of them, too young to be judged.
        history: Purchases before the period, which only make history.
        frauds: Judged fraud.
        frauds_minor: Its money.
        frauds_late: Judged purchases that the source calls fraud, which nobody knew by `as_of`; they count as none.
        frauds_waiting: Fraud that was reported early among the waiting; it is not judged.
        customers: Customers behind the judged purchases.
        judged_days: Length of the judged period, days.
        days: Length of the whole period, days.
    """

    from_time: str
    to_time: str
    judged_to: str
    as_of: str
    label_delay_days: float | None
    purchases: int
    judged: int
    waiting: int
    history: int
    frauds: int
    frauds_minor: int
    frauds_late: int
    frauds_waiting: int
    customers: int
    judged_days: float
    days: float


class Trained(Part, frozen=True):
    """On what the rule set was fitted, when the backtest fitted it itself."""

    until: str
    purchases: int
    frauds: int


class Findings(Part, frozen=True):
    """Everything that a backtest says.

    Attributes:
        headline: The answer in a sentence or two.
        beats: Whether the rules beat the baselines.
        source: What was read.
        set_aside: By reason, rows that did not enter evaluation.
        coverage: Which purchases judged.
        training: Where the rule set was fitted here.
        judged: The judged rule set first, then what it is compared with, then the baselines.
        volume: Alerts of the whole period.
        budget_per_1000: Alerts in a thousand purchases that are wanted; None when nobody said.
        differences: The judged rule set less each of the others.
        changes: Gained and lost alerts; None without a rule set to compare with.
        reliability: Of each rule set.
        misses: Who stands behind misses and false alerts.
        spans: Precision and recall over time.
        days: Alerts over time.
        curves: Precision against recall.
        notes: What else a reader should know.
        seed: Of the resamples.
        resamples: How many there were.
        versions: Of the programs that computed it.
    """

    headline: str
    beats: tuple[Beat, ...]
    source: Source
    set_aside: dict[str, int]
    coverage: Coverage
    training: Trained | None
    judged: tuple[Judged, ...]
    volume: tuple[Volume, ...]
    budget_per_1000: float | None
    differences: tuple[Difference, ...]
    changes: Changes | None
    reliability: tuple[Reliability, ...]
    misses: Misses
    spans: tuple[Span, ...]
    days: tuple[Day, ...]
    curves: tuple[Curve, ...]
    notes: tuple[str, ...]
    seed: int
    resamples: int
    versions: dict[str, str]

    @property
    def main(self) -> Judged:
        """The judged rule set."""
        return self.judged[0]

    def one(self, name: str) -> Judged | None:
        """Return one way of alerting by its name."""
        return next((each for each in self.judged if each.name == name), None)
