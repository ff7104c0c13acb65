"""What would change: alerts that only one of two rule sets raises, with money and labels."""

from __future__ import annotations

import numpy as np

from streamflow.backtest.estimates import Estimate, plain
from streamflow.backtest.judging import NO_ALERTS, Rows
from streamflow.backtest.scored import Scored
from streamflow.backtest.worth import Alerts, Changes
from streamflow.contracts.rule_sets import RULES
from streamflow.datasets.table import Bools
from streamflow.statistics.clusters import clustered_share


def changes(names: tuple[str, str], scored: Scored, against: Scored, rows: Rows) -> Changes:
    """Compare the alerts of two rule sets.

    Args:
        names: What to call them.
        scored: The one in question.
        against: The one that it is compared with.
        rows: The purchases that judge.
    """
    mine, theirs = scored.alert, against.alert
    return Changes(
        name=names[0],
        against=names[1],
        gained=_alerts(mine & ~theirs, scored, rows),
        lost=_alerts(theirs & ~mine, against, rows),
        both=_alerts(mine & theirs, scored, rows),
    )


def _alerts(chosen: Bools, raised_by: Scored, rows: Rows) -> Alerts:
    inside = chosen[rows.judged]
    fraud = rows.fraud[inside]
    amount = rows.amount_minor[inside]
    precision = Estimate(value=None, reason=NO_ALERTS)
    if len(fraud):
        share = clustered_share(fraud, np.ones(len(fraud)), rows.resamples.cluster[inside])
        precision = Estimate(value=plain(share.value), low=plain(share.interval[0]), high=plain(share.interval[1]))
    return Alerts(
        alerts=len(fraud),
        frauds=int(fraud.sum()),
        fraud_minor=int(amount[fraud].sum()),
        other_minor=int(amount[~fraud].sum()),
        precision=precision,
        waiting=int(chosen[rows.period].sum()) - len(fraud),
        by_rule={
            rule: int((raised_by.weights_ulo[rule][rows.judged][inside] != 0).sum())
            for rule in RULES
            if rule in raised_by.weights_ulo
        },
    )
