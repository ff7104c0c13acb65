"""What a backtest computes first: purchases as columns, and what a rule set said about each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from streamflow.contracts.rule_sets import RuleSet
from streamflow.datasets.table import Bools, Ints
from streamflow.rules.scorecard import logistic

Weights = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Origin:
    """Where purchases come from.

    Attributes:
        kind: `file` for a user's file, `log` for the platform's own purchases in bronze.
        name: The file's name, or the log's id.
        sha256: Of the file's bytes; of the bytes of the records, in offset order, for a log.
        rows: Rows or records read.
        offsets: By partition of a log, the first offset read and the one after the last; None for a file.
        detail: What else identifies the reading, as the mapping and its hash.
    """

    kind: str
    name: str
    sha256: str
    rows: int
    offsets: Mapping[int, tuple[int, int]] | None = None
    detail: str = ""


@dataclass(frozen=True)
class Purchases:
    """Purchases that entered evaluation, one entry each in every array, in the order of their source.

    Attributes:
        origin: Where they come from.
        event_us: Event time, epoch microseconds.
        amount_minor: Minor units.
        fraud: Whether the source calls it fraud, however late.
        known_us: When its label is known: of fraud the moment that it came, of others the end of the label delay.
        customer: Place of the customer in `customers`.
        customers: Names of customers.
        merchant: Place of the merchant in `merchants`, -1 without one; None when the source has no merchants.
        merchants: Names of merchants.
        as_of_us: The moment of the backtest: a label that is not known by then does not count.
        set_aside: By reason, rows that did not enter evaluation.
        not_applicable: By rule that the source leaves nothing to work on, why: "no coordinates in the source".
    """

    origin: Origin
    event_us: Ints
    amount_minor: Ints
    fraud: Bools
    known_us: Ints
    customer: Ints
    customers: Sequence[str]
    merchant: Ints | None
    merchants: Sequence[str]
    as_of_us: int
    set_aside: Mapping[str, int] = field(default_factory=dict)
    not_applicable: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.event_us)

    @cached_property
    def mature(self) -> Bools:
        """Whether the label of each purchase is known by `as_of_us`."""
        return self.known_us <= self.as_of_us


@dataclass(frozen=True)
class Scored:
    """What one rule set said about each purchase, shape (rows,) in every array.

    Attributes:
        rule_set: The rule set.
        log_odds_ulo: Prior plus the weights of the five lines, micro log-odds.
        weights_ulo: By rule, the weight of its line.
    """

    rule_set: RuleSet
    log_odds_ulo: Ints
    weights_ulo: Mapping[str, Weights]

    @cached_property
    def alert(self) -> Bools:
        """Whether each purchase is an alert."""
        return self.log_odds_ulo >= self.rule_set.alert_threshold_ulo

    def probability(self) -> npt.NDArray[np.float64]:
        """Return the score of each purchase, rounded as the stream rounds it."""
        distinct, place = np.unique(self.log_odds_ulo, return_inverse=True)
        digits = self.rule_set.score_digits
        return np.array([logistic(int(one), digits) for one in distinct], dtype=np.float64)[place]


@dataclass(frozen=True)
class Period:
    """A half-open range of event times, epoch microseconds."""

    from_us: int
    to_us: int

    def of(self, event_us: Ints) -> Bools:
        """Tell which event times lie in it."""
        return (event_us >= self.from_us) & (event_us < self.to_us)


@dataclass(frozen=True)
class Training:
    """On what the judged rule set was fitted, when the backtest fitted it itself.

    Attributes:
        until_us: No label counted that was not known by then, epoch microseconds.
        purchases: Purchases fitted on.
        frauds: Of them, fraud known by then.
        plain: The baseline of three rules (amount, ratio to the average, velocity) fitted on the same purchases.
    """

    until_us: int
    purchases: int
    frauds: int
    plain: Scored | None = None


@dataclass(frozen=True)
class Backtest:
    """One backtest, nothing of it judged yet.

    Attributes:
        purchases: The purchases.
        scored: What the rule set in question said.
        against: What the one that it is compared with said.
        period: Event times that are judged; earlier purchases only make history.
        training: Where the rule set was fitted here.
    """

    purchases: Purchases
    scored: Scored
    period: Period
    against: Scored | None = None
    training: Training | None = None
