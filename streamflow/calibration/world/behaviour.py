"""What customers are like: how much they buy, with which cards and devices, of what, from whom, and how steadily."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.world.evidence import Findings, Prepared, whole
from streamflow.calibration.world.merchants import merchant_figures
from streamflow.calibration.world.products import as_classes
from streamflow.calibration.world.resampling import renumbered, resampled, weighted
from streamflow.calibration.world.rhythm import basket_window_s
from streamflow.datasets.table import Bools, Codes, Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.generator.population import LEAST_ACTIVITY
from streamflow.statistics.clusters import clustered_quantiles, clustered_share
from streamflow.statistics.counts import fit_rate_grid, fit_rates, mean_rate, rate_quantiles, variance_shares
from streamflow.statistics.mixtures import fit_items
from streamflow.statistics.sequences import Sequences, pair_counts

MOST_ITEMS = 6
LEAST_RATE, GRID, ROUNDS, AGAIN = 0.2, 80, 500, 40
"""Customers are taken to make a fifth of a purchase in the source's time at least: fewer would leave no trace."""
ACTIVITY_KNOTS = (0.0, 0.01, *(step / 20 for step in range(1, 20)), 0.975, 0.99, 0.995, 0.999, 1.0)
MOST_SHARERS = 10
LEAST_CUSTOMERS = 50
MOST_CUSTOMERS = 20_000
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
    merchant_figures(found, rows, habits, base, rng)


def _missing(found: Findings, rows: Prepared, path: str, none: Bools) -> None:
    chosen = rows.genuine
    share = clustered_share(none[chosen], rows.table.weight[chosen], rows.groups_of(chosen))
    found.add_share(path, share, unit="share", method="genuine rows without a value")


def _activity(found: Findings, rows: Prepared, habits: Sequences, rng: np.random.Generator) -> None:
    table = rows.table
    # Visits: a purchase and the baskets after it are one decision to buy.
    _, owners = habits.bursts(basket_window_s(habits))
    counts = np.unique(owners, return_counts=True)[1].astype(np.float64)
    proxy = "customers are put together from other columns" if table.customer_is_proxy else ""

    def shape(times: Floats) -> float:
        many = max(float(times.sum()), 1.0)
        rates = fit_rates(weighted(times, counts) / many, weighted(times, np.square(counts)) / many)
        # The generator adds a constant to its gamma variable, which narrows it.
        return rates.shape / (1 + LEAST_ACTIVITY) ** 2

    found.add(
        "customers.activity_shape",
        round(shape(np.ones(len(counts))), 6),
        unit="gamma shape",
        method="moments of visits a customer, a negative binomial without zeros; bootstrap over customers",
        n=len(counts),
        interval=resampled(shape, len(counts), rng),
        reason=proxy,
    )
    distinct, times = np.unique(counts, return_counts=True)
    rates = np.geomspace(LEAST_RATE, max(2.0, 1.3 * float(counts.max())), GRID)
    fitted = fit_rate_grid(distinct, times.astype(float), rates, np.full(GRID, 1 / GRID), ROUNDS)
    drawn = [
        fit_rate_grid(distinct, rng.poisson(times).astype(float), rates, np.maximum(fitted, 1e-9), AGAIN)
        for _ in range(AGAIN)
    ]
    method = "rates behind visits a customer, a Poisson mixture without zeros by maximum likelihood"
    at = np.array(ACTIVITY_KNOTS)
    value = np.round(rate_quantiles(rates, fitted, at), 6)
    spread = 1.96 * np.std([rate_quantiles(rates, one, at) for one in drawn], axis=0)
    ends = np.stack((np.maximum(value - spread, 0), value + spread), axis=-1)
    found.add(
        "customers.activity",
        {"quantiles": list(ACTIVITY_KNOTS), "values": value.tolist()},
        unit="visits a customer in the source's time",
        method=f"{method}; standard errors by bootstrap",
        n=len(counts),
        interval={"quantiles": [[q, q] for q in ACTIVITY_KNOTS], "values": ends.tolist()},
        reason=proxy,
    )
    # All purchases, because the generator deals the purchases of a run, fraud and tail included, to its customers.
    scale = float(table.weight.sum()) / float(counts.sum()) / rows.traffic.days
    means = [scale * mean_rate(rates, one) for one in (fitted, *drawn)]
    spread = 1.96 * float(np.std(means[1:]))
    found.add(
        "customers.purchases_per_day",
        round(means[0], 6),
        unit="purchases a customer and day",
        method=f"{method}; standard errors by bootstrap",
        n=len(counts),
        interval=[max(0.0, means[0] - spread), means[0] + spread],
        reason=proxy,
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


def shared_widely(habits: Sequences, items: Codes) -> bool:
    """Return whether most purchases have a card or device of many customers: such names are of kinds, not of things."""
    code = items.codes[habits.order]
    known = code >= 0
    width = max(1, len(items.names))
    pairs = np.unique(habits.group[known] * width + code[known])
    sharers = np.bincount(pairs % width, minlength=width)
    return bool((sharers[code[known]] > MOST_SHARERS).mean() > 0.5) if known.any() else False


def _items(found: Findings, rows: Prepared, habits: Sequences, rng: np.random.Generator) -> None:
    mains: list[tuple[float, tuple[float, float], int]] = []
    enough = np.flatnonzero(habits.counts >= 2)
    if len(enough) > MOST_CUSTOMERS:
        enough = np.sort(rng.choice(enough, MOST_CUSTOMERS, replace=False))
    for path, column in (("cards", rows.table.card), ("devices", rows.table.device)):
        if column is None:
            found.leave(f"no {path.removesuffix('s')} column", f"customers.{path}")
            continue
        if shared_widely(habits, column):
            found.leave(
                f"most purchases have a {path.removesuffix('s')} that more than {MOST_SHARERS} customers share",
                f"customers.{path}",
            )
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
        same = weighted(times, each) / max(float(times.sum()), 1.0)
        both = np.clip(_own_agreement(same, of_all), 0.5, 1.0)
        return float((1 + np.sqrt(2 * both - 1)) / 2)

    def any_share(times: Floats) -> float:
        # Where customers agree with themselves less than two classes by halves would, some purchases are of any.
        same = weighted(times, each) / max(float(times.sum()), 1.0)
        return float(np.clip(1 - np.sqrt(2 * max(0.0, _own_agreement(same, of_all))), 0.0, 1.0))

    found.add(
        "customers.any_class_share",
        round(any_share(np.ones(len(each))), 6),
        unit="share",
        method="pairs of a customer's purchases of the same product, where they are few; bootstrap over customers",
        n=len(each),
        interval=resampled(any_share, len(each), rng),
    )

    found.add(
        "customers.main_class_share",
        round(main_share(np.ones(len(each))), 6),
        unit="share",
        method="pairs of a customer's purchases of the same product, moments; bootstrap over customers",
        n=len(each),
        interval=resampled(main_share, len(each), rng),
    )
    amounts = rows.table.amount_minor[habits.order][known].astype(np.float64)
    share, between, square = variance_shares(_normal_scores(amounts, code), renumbered(group))

    def consistency(times: Floats) -> float:
        return float(np.clip(weighted(times, between) / max(weighted(times, square), 1e-12), 0.0, 1.0))

    found.add(
        "customers.spend_consistency",
        round(share, 6),
        unit="share of variance",
        method="normal scores of amounts within a product, one-way analysis of variance; bootstrap over customers",
        n=len(between),
        interval=resampled(consistency, len(between), rng),
    )


def _own_agreement(same: float, of_all: float) -> float:
    """Return how often two purchases of a customer agree beyond what two strangers' do."""
    return (same - of_all) / (1 - of_all)


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
