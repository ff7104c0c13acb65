"""How much fraud there is, when, on what, and when its labels become known."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.world.evidence import DAY_US, Findings, Prepared
from streamflow.calibration.world.products import as_classes
from streamflow.datasets.table import Ints
from streamflow.statistics.clusters import clustered_quantiles, clustered_share, clustered_shares
from streamflow.statistics.intervals import effective_n

MOST_RATE = 0.2
LEAST_FRAUDS, LEAST_DELAYS = 20, 100
TENTHS = 10


def fraud_figures(found: Findings, rows: Prepared) -> None:
    """Note what a table says about fraud.

    Args:
        found: Gets the figures.
        rows: The table.
    """
    table = rows.table
    rate = clustered_share(table.fraud, table.weight, rows.groups)
    if rate.value > MOST_RATE:
        found.leave(f"{rate.value:.0%} of the rows are fraud, the generator makes up to {MOST_RATE:.0%}", "fraud.rate")
    else:
        method = "weighted share of labelled fraud, Wilson's interval with customers as clusters"
        found.add_share("fraud.rate", rate, unit="share", method=method)
    found.leave("no source names scenarios", "fraud.shares")
    _warm_up(found, rows)
    _kinds(found, rows)
    _labels(found, rows)


def _warm_up(found: Findings, rows: Prepared) -> None:
    """Note where fraud begins: starts spread evenly over the rest would leave a gap of this length by chance."""
    chosen = rows.table.fraud & rows.traffic.inside
    frauds = int(chosen.sum())
    if frauds < LEAST_FRAUDS:
        found.leave(f"fewer than {LEAST_FRAUDS} frauds", "fraud.warm_up_share")
        return
    length = rows.traffic.days * DAY_US
    first = float(rows.table.event_us[chosen].min() - rows.traffic.start_us) / length
    groups = rows.groups_of(chosen)
    episodes = frauds if groups is None else len(np.unique(groups))
    low = max(0.0, first - (1 - first) * 3.689 / episodes)
    value = max(0.0, first - (1 - first) / episodes)
    found.add(
        "fraud.warm_up_share",
        round(min(value, 0.89), 6),
        unit="share of the time",
        method="time until the first fraud, less the mean gap between victims",
        n=episodes,
        interval=[low, first],
    )


def tenth_of(event_us: Ints, start_us: int, days: int) -> Ints:
    """Return in which tenth of a span of days times fall; what comes after it counts for the last."""
    return np.clip((event_us - start_us) * TENTHS // (days * DAY_US), 0, TENTHS - 1)


def _kinds(found: Findings, rows: Prepared) -> None:
    """Note shares of fraud and fraud rates by hour, tenth of the time and product."""
    table, traffic = rows.table, rows.traffic
    tenths = tenth_of(table.event_us, traffic.start_us, traffic.days)
    kinds: list[tuple[str, Ints, list[str]]] = [
        ("hours", rows.hour, [str(hour) for hour in range(24)]),
        ("tenths", tenths, [str(tenth + 1) for tenth in range(TENTHS)]),
    ]
    if table.product is None:
        found.leave("no product column", "fraud.products")
    else:
        classes = as_classes(table.product, table.weight)
        kinds.append(("products", classes.codes, list(classes.names)))
    frauds = effective_n(table.weight[table.fraud])
    few = frauds < LEAST_FRAUDS
    for name, code, names in kinds:
        known = code >= 0
        fraud = known & table.fraud
        if few:
            found.leave(f"fewer than {LEAST_FRAUDS} frauds", f"fraud.{name}")
        else:
            shares = clustered_shares(code[fraud], len(names), table.weight[fraud], rows.groups_of(fraud))
            bought = np.bincount(code[known], table.weight[known], len(names)) / table.weight[known].sum()
            found.add_shares(
                f"fraud.{name}",
                [
                    one._replace(value=(frauds * one.value + len(names) * usual) / (frauds + len(names)))
                    for one, usual in zip(shares, bought.tolist(), strict=True)
                ],
                names if name == "products" else None,
                unit="share of fraud",
                method="weighted shares of fraud, drawn towards those of all purchases by a prior fraud a kind",
            )
        rates = [
            clustered_share(table.fraud[code == place], table.weight[code == place], rows.groups_of(code == place))
            for place in range(len(names))
        ]
        found.add(
            f"observed.fraud_rate.{name}",
            {own: rate.value for own, rate in zip(names, rates, strict=True)},
            unit="share of purchases",
            method="weighted, Wilson's intervals with customers as clusters",
            n=effective_n(table.weight[known]),
            interval={own: list(rate.interval) for own, rate in zip(names, rates, strict=True)},
        )


def _labels(found: Findings, rows: Prepared) -> None:
    """Note how long labels take, where a source says so."""
    paths = ("labels.median_delay_days", "labels.p95_delay_days", "labels.max_delay_days")
    if rows.table.known_us is None:
        found.leave("the source does not say when labels became known", *paths)
        return
    fraud = rows.table.fraud
    delays = (rows.table.known_us[fraud] - rows.table.event_us[fraud]) / DAY_US
    value, low, high = clustered_quantiles(
        delays, rows.table.weight[fraud], np.array([0.5, 0.95, 1.0]), rows.groups_of(fraud)
    )
    if len(delays) < LEAST_DELAYS or not 0 < value[0] < value[1] < value[2]:
        found.leave("fewer than 100 frauds, or their delays hardly differ", *paths)
        return
    for path, one, least, most in zip(paths, value.tolist(), low.tolist(), high.tolist(), strict=True):
        found.add(
            path, round(one, 6), unit="days", method="from a fraud to its label", n=len(delays), interval=[least, most]
        )
