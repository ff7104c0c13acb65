"""The safety valve: alerts of a rule that suddenly fires on everything are held back from delivery, never undone.

A pure state machine over one subtask's purchases, in the order in which they come. It counts, among the newest
`purchases`, the alerts in which each rule weighs; a rule over its share is shut. An alert is held back when it would be
none without the lines of the rules that are shut, so that an alert that another rule carries is still delivered::

    share 0.1, purchases 1000

    alerts of velocity   ...1...|..11111111   > 100 of the newest 1000: shut   ..1....   <= 100: open again
    delivered            ...1...|..1111                                            1

What it says is no function of the log: it starts open after a restart, and each subtask sees its own customers only.
Hence it stands in a header of the alert and in metrics, never in a decision or an alert's payload (ADR 0016).
"""

from __future__ import annotations

from collections import Counter, deque

from streamflow.rules.model import RULES, Decision

_INDEX = {rule: 1 << place for place, rule in enumerate(RULES)}


class Valve:
    """Tells which alerts to hold back.

    Args:
        share: Alerts a purchase, 0 to 1, over which a rule is shut.
        purchases: How many of the newest purchases are counted; nothing is held back before so many came.
    """

    rules = RULES

    def __init__(self, share: float, purchases: int) -> None:
        self._limit = share * purchases
        self._size = purchases
        self._seen = 0
        # A purchase of an alert, by its number, and a bit for each rule that weighs in it; most purchases have none.
        self._alerts: deque[tuple[int, int]] = deque()
        self._counts: Counter[str] = Counter()
        self._shut: tuple[str, ...] = ()

    @property
    def shut(self) -> tuple[str, ...]:
        """The rules whose alerts are held back now."""
        return self._shut

    def purchase(self) -> None:
        """Count one more purchase, before its decisions."""
        self._seen += 1
        alerts = self._alerts
        if alerts and alerts[0][0] <= self._seen - self._size:
            while alerts and alerts[0][0] <= self._seen - self._size:
                self._count(alerts.popleft()[1], -1)
            self._judge()

    def hold_back(self, decision: Decision, threshold_ulo: int) -> tuple[str, ...]:
        """Count an alert and tell whether to hold it back.

        Args:
            decision: A live decision that goes to the alerts.
            threshold_ulo: The rule set's alert threshold, micro log-odds.

        Returns:
            The shut rules on which it rests; empty when it is to be delivered. A withdrawal is always delivered.
        """
        if not decision.is_alert:
            return ()
        if decision.alert_status == "new":
            bits = sum(_INDEX[rule] for rule in decision.fired)
            self._alerts.append((self._seen, bits))
            self._count(bits, 1)
            self._judge()
        if not self._shut:
            return ()
        weights = {line.rule: line.weight_ulo for line in decision.lines if line.rule in self._shut and line.weight_ulo}
        left_ulo = decision.log_odds_ulo - sum(weights.values())
        return tuple(weights) if left_ulo < threshold_ulo else ()

    def _count(self, bits: int, step: int) -> None:
        for rule, bit in _INDEX.items():
            if bits & bit:
                self._counts[rule] += step

    def _judge(self) -> None:
        full = self._seen >= self._size
        self._shut = tuple(rule for rule in RULES if self._counts[rule] > self._limit) if full else ()
