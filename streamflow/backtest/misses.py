"""Who stands behind the worst misses, and behind most false alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from streamflow.backtest.judging import Rows
from streamflow.backtest.scored import Scored
from streamflow.backtest.worth import Culprit, Misses
from streamflow.contracts.site.masking import MASK
from streamflow.datasets.table import Bools, Floats, Ints

TOP = 10

Name = Callable[[int, int], str]
"""From a place among the names, and the rank in a list, to what is shown."""


@dataclass(frozen=True)
class _Sums:
    """What is known of the customers or merchants with fraud or alerts, one entry each in every array."""

    code: Ints
    purchases: Ints
    frauds: Ints
    missed: Ints
    missed_minor: Ints
    caught_minor: Ints
    false_alerts: Ints

    @classmethod
    def of(cls, code: Ints, alert: Bools, rows: Rows) -> _Sums:
        """Sum over purchases; `code` is -1 for a purchase of nobody known."""
        # Only those who can be listed: a shop may have ten million customers, and most never meet a fraud.
        known = np.unique(code[(rows.fraud | alert) & (code >= 0)])
        theirs = np.flatnonzero(np.isin(code, known))
        place, amount = np.searchsorted(known, code[theirs]), rows.amount_minor[theirs].astype(np.float64)
        fraud, alerted = rows.fraud[theirs], alert[theirs]

        def total(chosen: Bools, values: Floats | None = None) -> Ints:
            summed = np.bincount(place[chosen], None if values is None else values[chosen], len(known))
            return np.asarray(summed, dtype=np.int64)

        return cls(
            known,
            total(np.ones(len(theirs), dtype=bool)),
            total(fraud),
            total(fraud & ~alerted),
            total(fraud & ~alerted, amount),
            total(fraud & alerted, amount),
            total(alerted & ~fraud),
        )

    def most_missed(self, name: Name) -> tuple[Culprit, ...]:
        """List those with most money of missed fraud; worthless fraud counts last."""
        return self._worst(self.missed_minor, self.missed, name)

    def most_false(self, name: Name) -> tuple[Culprit, ...]:
        """List those with most false alerts; of equal ones first whose purchases are fewer."""
        return self._worst(self.false_alerts, -self.purchases, name, self.false_alerts > 0)

    def _worst(self, by: Ints, then: Ints, name: Name, listed: Bools | None = None) -> tuple[Culprit, ...]:
        some = np.flatnonzero(then > 0 if listed is None else listed)
        order = some[np.lexsort((some, -then[some], -by[some]))][:TOP]
        return tuple(
            Culprit(
                name=name(int(self.code[at]), rank),
                purchases=int(self.purchases[at]),
                frauds=int(self.frauds[at]),
                missed=int(self.missed[at]),
                missed_minor=int(self.missed_minor[at]),
                caught_minor=int(self.caught_minor[at]),
                false_alerts=int(self.false_alerts[at]),
            )
            for rank, at in enumerate(order.tolist(), 1)
        )


def misses(scored: Scored, rows: Rows, *, show_names: bool = False) -> Misses:
    """Find customers and merchants behind misses and false alerts.

    A customer's name is personal, so it is masked unless asked for; a merchant's is not. Both as the contract of
    transactions classifies them.

    Args:
        scored: What the rule set said.
        rows: The purchases that judge.
        show_names: Whether to show names of customers.
    """
    purchases, alert = rows.purchases, scored.alert[rows.judged]
    customers = _Sums.of(purchases.customer[rows.judged], alert, rows)
    who = _named(purchases.customers) if show_names else _masked
    missed_merchants = false_merchants = None
    if purchases.merchant is not None:
        merchants = _Sums.of(purchases.merchant[rows.judged], alert, rows)
        missed_merchants = merchants.most_missed(_named(purchases.merchants))
        false_merchants = merchants.most_false(_named(purchases.merchants))
    return Misses(
        missed_customers=customers.most_missed(who),
        missed_merchants=missed_merchants,
        false_customers=customers.most_false(who),
        false_merchants=false_merchants,
        masked=not show_names,
    )


def _masked(_: int, rank: int) -> str:
    return f"{MASK} {rank}"


def _named(names: Sequence[str]) -> Name:
    return lambda at, _: names[at]
