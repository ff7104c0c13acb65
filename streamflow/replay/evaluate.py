"""What alerts were worth: precision, recall and money, by rule and together, beside the amount alone.

Intervals are Wilson's (E. B. Wilson, JASA 22, 1927) at 95 %: they stay inside 0 and 1 and hold for small counts, where
the usual normal interval does not.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from streamflow.rules.model import RULES, Decision
from streamflow.statistics.intervals import Share, wilson

PurchaseKey = tuple[str, str]
"""customer_id, transaction_id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one way of alerting did.

    Attributes:
        name: A rule, `any` for all together, or `amount_alone`.
        alerts: Purchases it alerted on.
        caught: Of them, fraud.
        precision: caught / alerts.
        recall: caught / all fraud.
        caught_minor: Money of the fraud it caught, minor units.
        missed_minor: Money of the fraud it missed.
    """

    name: str
    alerts: int
    caught: int
    precision: Share
    recall: Share
    caught_minor: int
    missed_minor: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole comparison.

    Attributes:
        purchases: Purchases that were scored.
        fraud: Of them, fraud.
        fraud_minor: Money of that fraud, minor units.
        rules: One verdict a rule, over the alerts in which it weighs.
        together: The scorecard.
        amount_alone: The trivial baseline: the same number of alerts on the largest amounts.
    """

    purchases: int
    fraud: int
    fraud_minor: int
    rules: tuple[Verdict, ...]
    together: Verdict
    amount_alone: Verdict


class Evaluator:
    """Collects scored purchases, then compares alerts with labels; 9 bytes a purchase besides the fraud and the alerts.

    Args:
        fraud: Identities that are known to be fraud: chargebacks by a moment, or a generator's truth.
    """

    def __init__(self, fraud: Collection[PurchaseKey]) -> None:
        self._fraud = fraud if isinstance(fraud, set | frozenset) else frozenset(fraud)
        self._amounts = array("q")
        self._labels = bytearray()
        self._fraud_minor: dict[PurchaseKey, int] = {}

    def add(self, customer_id: str, transaction_id: str, amount_minor: int) -> None:
        """Count one scored purchase, once, in the order of the log."""
        key = (customer_id, transaction_id)
        is_fraud = key in self._fraud
        self._amounts.append(amount_minor)
        self._labels.append(is_fraud)
        if is_fraud:
            self._fraud_minor[key] = amount_minor

    def _verdict(self, name: str, alerts: int, caught_minor: list[int]) -> Verdict:
        caught, money = len(caught_minor), sum(caught_minor)
        whole, fraud = sum(self._fraud_minor.values()), len(self._fraud_minor)
        return Verdict(name, alerts, caught, wilson(caught, alerts), wilson(caught, fraud), money, whole - money)

    def _by_decisions(self, name: str, decisions: list[Decision]) -> Verdict:
        caught = [
            self._fraud_minor[key]
            for key in ((decision.customer_id, decision.transaction_id) for decision in decisions)
            if key in self._fraud_minor
        ]
        return self._verdict(name, len(decisions), caught)

    def _by_amount(self, alerts: int) -> Verdict:
        amounts = self._amounts
        # Of equal amounts the earlier purchase is taken, so that the baseline is as reproducible as the rules.
        rows = heapq.nsmallest(alerts, range(len(amounts)), key=lambda row: (-amounts[row], row))
        return self._verdict("amount_alone", len(rows), [amounts[row] for row in rows if self._labels[row]])

    def result(self, decisions: Iterable[Decision]) -> Evaluation:
        """Compare.

        Args:
            decisions: Final decisions of one rule set; those that are no alert are passed over.

        Returns:
            The verdicts.
        """
        alerts = [decision for decision in decisions if decision.is_alert]
        return Evaluation(
            purchases=len(self._amounts),
            fraud=len(self._fraud_minor),
            fraud_minor=sum(self._fraud_minor.values()),
            rules=tuple(self._by_decisions(rule, [item for item in alerts if rule in item.fired]) for rule in RULES),
            together=self._by_decisions("any", alerts),
            amount_alone=self._by_amount(len(alerts)),
        )
