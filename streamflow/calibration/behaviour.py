"""What customers are like: how much they buy, with which cards and devices, of what, from whom, and how steadily."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from streamflow.calibration.evidence import Findings, Prepared, whole
from streamflow.calibration.products import as_classes
from streamflow.calibration.rhythm import BASKET_S
from streamflow.datasets.table import Bools, Codes, Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.generator.population import LEAST_ACTIVITY
from streamflow.statistics.clusters import clustered_quantiles, clustered_share
from streamflow.statistics.counts import Rates, fit_rates, variance_shares
from streamflow.statistics.intervals import RESAMPLES
from streamflow.statistics.mixtures import fit_items
from streamflow.statistics.sequences import Sequences, pair_counts

MOST_ITEMS = 6
LEAST_CUSTOMERS = 50
MOST_CUSTOMERS = 50_000
OF_CUSTOMERS = (
    "customers.purchases_per_day",
    "customers.activity_shape",
    "customers.cards",
    "customers.devices",
    "customers.main_item_share",
    "customers.main_class_share",
    "customers.spend_consistency",
    "customers.favourite_share",
    "merchants.popularity",
)


def behaviour_figures(found: Findings, rows: Prepared, base: Parameters, rng: np.random.Generator) -> None:
    """Note what a table says about its customers.

    Args:
        found: Gets the figures.
        rows: The table.
        base: Carries what the estimates take as given.
        rng: Of samples and resamples.
    """
    habits = rows.habits
    found.add(
        "customers.even",
        True,
        unit="flag",
        method="chosen with measured shares: habits are dealt, so that a run meets them",
        n=len(rows.table),
        interval=[True, True],
    )
    if rows.table.merchant is None:
        found.leave("no merchant column", "merchants.count", "channels.no_merchant_share")
    else:
        _missing(found, rows, "channels.no_merchant_share", rows.table.merchant.codes < 0)
    if rows.table.latitude is None:
        found.leave("no position columns", "channels.no_position_share")
    else:
        _missing(found, rows, "channels.no_position_share", np.isnan(rows.table.latitude))
    if habits is None:
        found.leave("no customer column", *OF_CUSTOMERS)
        return
    if len(habits.counts) < LEAST_CUSTOMERS:
        found.leave(f"fewer than {LEAST_CUSTOMERS} customers", *OF_CUSTOMERS)
        return
    _activity(found, rows, habits, rng)
    _items(found, rows, habits, rng)
    _classes(found, rows, habits, rng)
    _merchants(found, rows, habits, base, rng)


def _missing(found: Findings, rows: Prepared, path: str, none: Bools) -> None:
    chosen = rows.genuine
    share = clustered_share(none[chosen], rows.table.weight[chosen], rows.groups_of(chosen))
    found.add_share(path, share, unit="share", method="genuine rows without a value")


def _resampled(statistic: Callable[[Floats], float], customers: int, rng: np.random.Generator) -> list[float]:
    """Return the 95 % percentile interval of a statistic of customers' counts of appearances."""
    drawn = [statistic(rng.poisson(1.0, customers).astype(np.float64)) for _ in range(RESAMPLES)]
    return [float(end) for end in np.nanpercentile(drawn, [2.5, 97.5])]


def _activity(found: Findings, rows: Prepared, habits: Sequences, rng: np.random.Generator) -> None:
    counts = habits.counts.astype(np.float64)
    pairs = float((habits.gaps_s < BASKET_S).sum() / len(habits.group))
    table, traffic = rows.table, rows.traffic
    # All purchases, because the generator deals the purchases of a run, fraud and tail included, to its customers.
    scale = float(table.weight.sum()) / float(table.weight[habits.order].sum())

    def fitted(times: Floats) -> Rates:
        many = max(float(times.sum()), 1.0)
        return fit_rates(float(times @ counts) / many, float(times @ np.square(counts)) / many, pairs)

    def a_day(rates: Rates) -> float:
        return rates.mean * scale / traffic.days

    def shape(rates: Rates) -> float:
        # The generator adds a constant to its gamma variable, which narrows it.
        return rates.shape / (1 + LEAST_ACTIVITY) ** 2

    every = np.ones(len(counts))
    rates = fitted(every)
    drawn = [fitted(rng.poisson(1.0, len(counts)).astype(np.float64)) for _ in range(RESAMPLES)]
    for path, unit, of in (
        ("customers.purchases_per_day", "purchases a customer and day", a_day),
        ("customers.activity_shape", "gamma shape", shape),
    ):
        found.add(
            path,
            round(of(rates), 6),
            unit=unit,
            method="moments of purchases a customer, a negative binomial without zeros; bootstrap over customers",
            n=len(counts),
            interval=[float(end) for end in np.percentile([of(one) for one in drawn], [2.5, 97.5])],
            reason="customers are put together from other columns" if table.customer_is_proxy else "",
        )


def uses_of(habits: Sequences, items: Codes, customers: Ints) -> Floats:
    """Return how often customers use each of their items, most used first; shape (customers, most items).

    Args:
        habits: Purchases by customer.
        items: Cards or devices.
        customers: Places of the customers among those with any purchase. Who uses more items than are counted has the
            least used ones left out.
    """
    place = np.full(len(habits.counts), -1)
    place[customers] = np.arange(len(customers))
    mine, code = place[np.cumsum(habits.first) - 1], items.codes[habits.order]
    kept = (mine >= 0) & (code >= 0)
    width = max(1, len(items.names))
    cells, n = np.unique(mine[kept] * width + code[kept], return_counts=True)
    owner = cells // width
    order = np.lexsort((-n, owner))
    owner, n = owner[order], n[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    uses = np.zeros((len(customers), MOST_ITEMS))
    near = rank < MOST_ITEMS
    uses[owner[near], rank[near]] = n[near]
    return uses[uses[:, 0] > 0]


def _items(found: Findings, rows: Prepared, habits: Sequences, rng: np.random.Generator) -> None:
    mains: list[tuple[float, tuple[float, float], int]] = []
    enough = np.flatnonzero(habits.counts >= 2)
    if len(enough) > MOST_CUSTOMERS:
        enough = np.sort(rng.choice(enough, MOST_CUSTOMERS, replace=False))
    for path, column in (("cards", rows.table.card), ("devices", rows.table.device)):
        if column is None:
            found.leave(f"no {path.removesuffix('s')} column", f"customers.{path}")
            continue
        uses = uses_of(habits, column, enough)
        if len(uses) < LEAST_CUSTOMERS:
            found.leave(f"fewer than {LEAST_CUSTOMERS} customers with two purchases", f"customers.{path}")
            continue
        most = max(1, int((uses > 0).sum(axis=1).max()))
        fitted = fit_items(uses, most, rng)
        found.add(
            f"customers.{path}",
            whole(fitted.owned.tolist()),
            unit=f"share of customers with 1, 2, ... {path}",
            method=f"mixture over {path} owned by maximum likelihood, customers as units",
            n=len(uses),
            interval=fitted.owned_ends.tolist(),
        )
        several = int((uses[:, 1] > 0).sum())
        if several >= LEAST_CUSTOMERS:
            mains.append((fitted.main_share, fitted.main_ends, several))
        _reuse(found, habits, column, path)
    if not mains:
        found.leave("no customers with several cards or devices", "customers.main_item_share")
        return
    n = sum(weight for _, _, weight in mains)
    value, low, high = (
        sum(part * weight for part, weight in zip(parts, (one[2] for one in mains), strict=True)) / n
        for parts in ([one[0] for one in mains], [one[1][0] for one in mains], [one[1][1] for one in mains])
    )
    method = "with the shares of customers by cards and devices; mean of the two by customers with several"
    found.add("customers.main_item_share", round(value, 6), unit="share", method=method, n=n, interval=[low, high])


def _reuse(found: Findings, habits: Sequences, items: Codes, path: str) -> None:
    code = items.codes[habits.order]
    times = np.bincount(code[code >= 0]).astype(np.float64)
    times = times[times > 0]
    at = np.array([0.25, 0.5, 0.75, 0.95])
    value, low, high = clustered_quantiles(times, np.ones(len(times)), at)
    names = ["q25", "q50", "q75", "q95"]
    found.add(
        f"observed.purchases_a_{path.removesuffix('s')}",
        dict(zip(names, value.tolist(), strict=True)),
        unit="purchases",
        method="genuine purchases, Woodruff's intervals",
        n=len(times),
        interval={name: [a, b] for name, a, b in zip(names, low.tolist(), high.tolist(), strict=True)},
    )


def _classes(found: Findings, rows: Prepared, habits: Sequences, rng: np.random.Generator) -> None:
    if rows.table.product is None:
        found.leave("no product column", "customers.main_class_share", "customers.spend_consistency")
        return
    classes = as_classes(rows.table.product, rows.table.weight)
    code = classes.codes[habits.order]
    known = code >= 0
    group, code = habits.group[known], code[known]
    agreeing, possible = pair_counts(group, code)
    some = possible > 0
    each = agreeing[some] / possible[some]
    of_all = np.square(np.bincount(code) / len(code)).sum()
    if len(each) < LEAST_CUSTOMERS or of_all >= 1:
        found.leave("too few customers buy twice, or all buy one product", *OF_CUSTOMERS[5:7])
        return

    def main_share(times: Floats) -> float:
        # Two purchases agree if both are of the main class or both of the second, or if these are the same class.
        same = float((times @ each) / max(times.sum(), 1.0))
        both = np.clip((same - of_all) / (1 - of_all), 0.5, 1.0)
        return float((1 + np.sqrt(2 * both - 1)) / 2)

    found.add(
        "customers.main_class_share",
        round(main_share(np.ones(len(each))), 6),
        unit="share",
        method="pairs of a customer's purchases of the same product, moments; bootstrap over customers",
        n=len(each),
        interval=_resampled(main_share, len(each), rng),
    )
    amounts = rows.table.amount_minor[habits.order][known].astype(np.float64)
    share, between, square = variance_shares(_normal_scores(amounts, code), _renumbered(group))

    def consistency(times: Floats) -> float:
        return float(np.clip(float(times @ between) / max(float(times @ square), 1e-12), 0.0, 1.0))

    found.add(
        "customers.spend_consistency",
        round(share, 6),
        unit="share of variance",
        method="normal scores of amounts within a product, one-way analysis of variance; bootstrap over customers",
        n=len(between),
        interval=_resampled(consistency, len(between), rng),
    )


def _renumbered(group: Ints) -> Ints:
    return np.unique(group, return_inverse=True)[1]


def _normal_scores(amounts: Floats, code: Ints) -> Floats:
    """Return the normal quantile of each amount's rank among those of its product; ties share their middle rank."""
    from scipy.special import ndtri

    scores = np.empty(len(amounts))
    for one in np.unique(code).tolist():
        mine = np.flatnonzero(code == one)
        ranked = np.sort(amounts[mine])
        low = np.searchsorted(ranked, amounts[mine], side="left")
        high = np.searchsorted(ranked, amounts[mine], side="right")
        scores[mine] = ndtri((low + high) / 2 / len(mine))
    return scores


def _merchants(found: Findings, rows: Prepared, habits: Sequences, base: Parameters, rng: np.random.Generator) -> None:
    if rows.table.merchant is None:
        found.leave("no merchant column", "customers.favourite_share", "merchants.popularity")
        return
    code = rows.table.merchant.codes[habits.order]
    known = code >= 0
    group, code = _renumbered(habits.group[known]), _renumbered(code[known])
    count = int(code.max(initial=-1)) + 1
    if not 10 <= count <= 1_000_000 or len(code) < 1000:
        found.leave("fewer than 10 merchants or 1,000 purchases", *OF_CUSTOMERS[7:], "merchants.count")
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
        same = float((times @ each) / max(times.sum(), 1.0))
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
        interval=_resampled(favourite_share, len(each), rng),
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
