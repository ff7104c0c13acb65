"""high_value: a purchase is large for its customer, or large for anybody.

Measures: `ratio_to_mean`, the amount over the running mean of the customer's legitimate purchases (needs
`min_history` of them; flagged amounts do not raise the mean), and `amount_minor`, the amount itself against calibrated
quantiles. The line is the heavier of the two. Known evasion: raise the mean slowly with legitimate purchases.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamflow.rules.ladder import Ladder, Reading, heaviest, line_of, not_applicable
from streamflow.rules.model import Line, Purchase

NAME = "high_value"


def fold(legit_sum: int, legit_count: int, amount_minor: int, *, flagged: bool) -> tuple[int, int]:
    """Return the sums with one more purchase; a flagged one leaves them as they are."""
    return (legit_sum, legit_count) if flagged else (legit_sum + amount_minor, legit_count + 1)


def money(amount_minor: int) -> str:
    """Write minor units for a person, with two decimals."""
    return f"{amount_minor // 100:,}.{amount_minor % 100:02d}"


@dataclass(frozen=True, slots=True)
class HighValue:
    """The rule with its parameters.

    Attributes:
        min_history: Legitimate purchases that a mean needs.
        ratio: Bands of `ratio_to_mean`.
        amount: Bands of `amount_minor`; without bands the measure is off.
    """

    min_history: int
    ratio: Ladder
    amount: Ladder

    def observe_ratio(self, purchase: Purchase, legit_sum: int, legit_count: int) -> int | None:
        """Return the scaled ratio, rounded half up in integers, or None when there is no mean to compare with."""
        if legit_count < self.min_history or legit_sum <= 0:
            return None
        numerator = 2 * purchase.amount_minor * legit_count * self.ratio.scale + legit_sum
        return numerator // (2 * legit_sum)

    def evaluate(self, purchase: Purchase, legit_sum: int, legit_count: int) -> int:
        """Return the line's weight, micro log-odds."""
        ratio = self.observe_ratio(purchase, legit_sum, legit_count)
        weak_ratio = ratio is None or ratio < self.ratio.lowest
        if weak_ratio and purchase.amount_minor < self.amount.lowest:
            return 0
        return heaviest(self._readings(purchase, ratio)).weight_ulo

    def _readings(self, purchase: Purchase, ratio: int | None) -> list[Reading]:
        readings = [] if ratio is None else [Reading(self.ratio, ratio)]
        return [*readings, Reading(self.amount, purchase.amount_minor)] if self.amount.rungs else readings

    def line(self, purchase: Purchase, legit_sum: int, legit_count: int) -> Line:
        """Explain the purchase's amount."""
        readings = self._readings(purchase, self.observe_ratio(purchase, legit_sum, legit_count))
        if not readings:
            sentence = f"{legit_count} earlier legitimate purchases; an average needs {max(self.min_history, 1)}"
            return not_applicable(NAME, sentence)
        reading = heaviest(readings)
        ladder = reading.ladder
        limit = ladder.limit(reading.strength)
        if ladder is self.ratio:
            mean = money((2 * legit_sum + legit_count) // (2 * legit_count))
            sentence = (
                f"{money(purchase.amount_minor)} is {ladder.shown(reading.scaled)} times the customer's average of "
                f"{mean} over {legit_count} purchases; the limit is {limit} times"
            )
        else:
            sentence = f"{money(purchase.amount_minor)} paid; the limit is {money(int(limit or 0))}"
        return line_of(NAME, reading, sentence)
