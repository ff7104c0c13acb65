"""From whom customers buy: merchants seen, their popularity, and the share of favourites."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.world.evidence import Findings, Prepared
from streamflow.calibration.world.resampling import renumbered, resampled, weighted
from streamflow.datasets.table import Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.statistics.sequences import Sequences, pair_counts


def merchant_figures(
    found: Findings, rows: Prepared, habits: Sequences, base: Parameters, rng: np.random.Generator
) -> None:
    """Note how many merchants there are, how popular, and how faithful customers are to some.

    Args:
        found: Gets the figures.
        rows: The table.
        habits: Its purchases by customer.
        base: Says how many favourites a customer has.
        rng: Of resamples.
    """
    if rows.table.merchant is None:
        found.leave("no merchant column", "customers.favourite_share", "merchants.popularity")
        return
    code = rows.table.merchant.codes[habits.order]
    known = code >= 0
    group, code = renumbered(habits.group[known]), renumbered(code[known])
    count = int(code.max(initial=-1)) + 1
    if not 10 <= count <= 1_000_000 or len(code) < 1000:
        found.leave(
            "fewer than 10 merchants or 1,000 purchases",
            "customers.favourite_share",
            "merchants.popularity",
            "merchants.count",
        )
        return
    agreeing, possible = pair_counts(group, code)
    sold = np.bincount(code).astype(np.float64)
    # Pairs of purchases of different customers: what two strangers have in common is popularity alone.
    strangers = (np.square(sold).sum() - agreeing.sum() - len(code)) / max(
        len(code) ** 2 - possible.sum() - len(code), 1
    )
    some = possible > 0
    each = agreeing[some] / possible[some]
    slots = base.customers.favourite_merchants

    def favourite_share(times: Floats) -> float:
        same = weighted(times, each) / max(float(times.sum()), 1.0)
        return float(np.clip(np.sqrt(max(0.0, same - strangers) * slots / (1 - strangers)), 0.0, 1.0))

    found.add(
        "merchants.count",
        count,
        unit="merchants",
        method="merchants seen",
        n=len(code),
        interval=[count, count],
        reason="merchants that sold nothing are not seen",
    )
    found.add(
        "merchants.popularity",
        round(_popularity(strangers, count), 6),
        unit="exponent of the rank",
        method="pairs of purchases of different customers at one merchant, moments; jackknife by tenths of customers",
        n=len(code),
        interval=_popularity_ends(sold, group, code, rng),
    )
    found.add(
        "customers.favourite_share",
        round(favourite_share(np.ones(len(each))), 6),
        unit="share",
        method=f"pairs of a customer's purchases at one merchant, moments, given {slots} favourites; bootstrap",
        n=len(each),
        interval=resampled(favourite_share, len(each), rng),
    )


def _popularity(same: float, count: int) -> float:
    """Return the exponent with which two strangers meet at a merchant that often."""
    rank = np.arange(1, count + 1, dtype=np.float64)
    low, high = 0.0, 4.0
    for _ in range(50):
        exponent = (low + high) / 2
        weights = rank**-exponent
        low, high = (exponent, high) if np.square(weights / weights.sum()).sum() < same else (low, exponent)
    return (low + high) / 2


def _popularity_ends(sold: Floats, group: Ints, code: Ints, rng: np.random.Generator) -> list[float]:
    """Return the interval of the exponent from ten parts of the customers."""
    part = rng.integers(0, 10, int(group.max()) + 1)[group]
    found = []
    for left_out in range(10):
        kept = part != left_out
        agreeing, possible = pair_counts(group[kept], code[kept])
        mine = np.bincount(code[kept], minlength=len(sold)).astype(np.float64)
        n = float(kept.sum())
        found.append(
            _popularity((np.square(mine).sum() - agreeing.sum() - n) / (n * n - possible.sum() - n), len(sold))
        )
    # The delete-a-group jackknife: nine tenths of the sum of squares.
    spread = 1.96 * float(np.sqrt(0.9 * np.square(np.array(found) - np.mean(found)).sum()))
    middle = float(np.mean(found))
    return [max(0.0, middle - spread), middle + spread]
