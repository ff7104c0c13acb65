"""Amounts: monotone quantile functions with price points, of the whole, of products and of fraud; price endings."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.world.evidence import Findings, Prepared, whole
from streamflow.calibration.world.products import as_classes, class_names
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.generator.spline import QuantileSpline
from streamflow.statistics.clusters import clustered_quantiles, clustered_share, clustered_shares
from streamflow.statistics.intervals import effective_n

KNOTS = np.array(
    [0.0005, 0.001, 0.0025, 0.005, 0.01]
    + [step / 50 for step in range(1, 50)]
    + [0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999]
)
CLASS_KNOTS = (0.0, 0.01, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.99, 1.0)
SUMMARY = np.array([0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0])
POINT_SHARE = 0.004
MOST_POINTS = 40
LEAST_FRAUDS = 100
LEAST_ROWS = 50
MOST_ENDINGS = 12
WOODRUFF = "weighted quantiles, Woodruff's intervals with customers as clusters"


def amount_figures(found: Findings, rows: Prepared, base: Parameters) -> None:
    """Note what a table says about amounts.

    Args:
        found: Gets the figures.
        rows: The table.
        base: What classes cost where the table is too small to say.
    """
    genuine = rows.genuine
    points = _margin(found, "amounts.margin", rows, genuine)
    _endings(found, rows, genuine & ~np.isin(rows.table.amount_minor, points))
    _summary(found, "observed.amounts.genuine", rows, genuine)
    if rows.table.fraud.sum() >= LEAST_FRAUDS:
        _margin(found, "fraud.amounts", rows, rows.table.fraud)
        _summary(found, "observed.amounts.fraud", rows, rows.table.fraud)
    else:
        found.leave(f"fewer than {LEAST_FRAUDS} frauds", "fraud.amounts")
    if rows.table.product is None:
        found.leave("no product column", "amounts.quantiles", "amounts.classes", "amounts.shares")
    else:
        _classes(found, rows, base)


def price_points(amounts: Floats, weights: Floats) -> Ints:
    """Return the amounts that at least 0.4 % of the purchases cost exactly, rising; at most forty, the commonest."""
    values, place = np.unique(amounts, return_inverse=True)
    mass = np.bincount(place, weights) / weights.sum()
    rows = np.bincount(place)
    common = np.flatnonzero((mass >= POINT_SHARE) & (rows >= LEAST_ROWS))
    kept = common[np.argsort(-mass[common], kind="stable")][:MOST_POINTS]
    return np.sort(values[kept]).astype(np.int64)


def quantile_knots(amounts: Floats, weights: Floats, points: Ints) -> tuple[Floats, Floats]:
    """Return the quantiles to know: dense in the tails as far as rows reach, and both ends of each price point.

    Returns:
        The quantiles, and at the ends of price points their amounts, NaN elsewhere.
    """
    n = effective_n(weights)
    grid = KNOTS[np.minimum(KNOTS, 1 - KNOTS) * n >= 5]
    order = np.argsort(amounts, kind="stable")
    cumulative = np.concatenate(([0.0], np.cumsum(weights[order]))) / weights.sum()
    ends: list[tuple[float, float]] = []
    for point in points.tolist():
        low = float(cumulative[np.searchsorted(amounts[order], point, side="left")])
        high = float(cumulative[np.searchsorted(amounts[order], point, side="right")])
        grid = grid[(grid < low - 1e-4) | (grid > high + 1e-4)]
        # Neighbouring points leave a hair between them, so that quantiles rise.
        ends += [(round(max(low, 1e-6) + 2e-6, 6), float(point)), (round(min(high, 1 - 1e-6) - 2e-6, 6), float(point))]
    knots = [*((quantile, float("nan")) for quantile in grid.tolist()), *ends, (0.0, float("nan")), (1.0, float("nan"))]
    at, exact = np.array(sorted(knots)).T
    return at, exact


def _margin(found: Findings, path: str, rows: Prepared, chosen: Bools) -> Ints:
    """Note the quantile function of some rows; return its price points."""
    amounts = rows.table.amount_minor[chosen].astype(np.float64)
    weights, groups = rows.table.weight[chosen], rows.groups_of(chosen)
    points = price_points(amounts, weights)
    at, exact = quantile_knots(amounts, weights, points)
    value, low, high = clustered_quantiles(amounts, weights, at, groups)
    # Quantiles between rows are interpolated; a price point is what it is.
    value = np.where(np.isnan(exact), np.round(value, 2), exact)
    value = np.maximum.accumulate(np.maximum(value, 1.0))
    found.add(
        path,
        {"quantiles": at.tolist(), "amounts": value.tolist()},
        unit="minor units",
        method=f"{WOODRUFF}; amounts of at least 0.4 % of the rows are price points ({len(points)})",
        n=effective_n(weights),
        interval={
            "quantiles": [[q, q] for q in at.tolist()],
            "amounts": [
                [min(a, v), max(b, v)] for a, b, v in zip(low.tolist(), high.tolist(), value.tolist(), strict=True)
            ],
        },
    )
    return points


def _summary(found: Findings, path: str, rows: Prepared, chosen: Bools) -> None:
    amounts = rows.table.amount_minor[chosen].astype(np.float64)
    weights = rows.table.weight[chosen]
    value, low, high = clustered_quantiles(amounts, weights, SUMMARY, rows.groups_of(chosen))
    names = [f"q{quantile * 100:g}" for quantile in SUMMARY.tolist()]
    ends = [list(pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]
    found.add(
        path,
        dict(zip(names, value.tolist(), strict=True)),
        unit="minor units",
        method=WOODRUFF,
        n=effective_n(weights),
        interval=dict(zip(names, ends, strict=True)),
    )


def _endings(found: Findings, rows: Prepared, chosen: Bools) -> None:
    """Note how often amounts end as prices do, beyond what each of the hundred endings has by chance."""
    chosen = chosen & (rows.table.amount_minor >= 100)
    weights, groups = rows.table.weight[chosen], rows.groups_of(chosen)
    if effective_n(weights) < 1000:
        found.leave("fewer than 1,000 amounts", "amounts.price_point_share", "amounts.price_endings")
        return
    ending = rows.table.amount_minor[chosen] % 100
    shares = np.bincount(ending, weights, 100) / weights.sum()
    usual = float(np.median(shares))
    # Four standard errors above the usual: of a hundred endings none is taken for a price by chance.
    beyond = shares - usual - 4 * np.sqrt(np.maximum(shares, 1e-6) / effective_n(weights))
    kept = np.argsort(-shares, kind="stable")[: min(MOST_ENDINGS, int((beyond > 0).sum()))]
    kept = np.sort(kept)
    if not len(kept):
        found.leave("no ending is commoner than by chance", "amounts.price_endings")
        found.add_share(
            "amounts.price_point_share",
            clustered_share(np.zeros(len(weights), dtype=np.bool_), weights),
            unit="share",
            method="endings commoner than the median ending",
        )
        return
    excess = shares[kept] - usual
    pointed = clustered_share(np.isin(ending, kept), weights, groups)
    by_chance = usual * len(kept)
    found.add(
        "amounts.price_point_share",
        round(float(excess.sum()), 6),
        unit="share",
        method="endings commoner than the median ending, less what chance gives them",
        n=pointed.n,
        interval=[max(0.0, pointed.interval[0] - by_chance), min(1.0, pointed.interval[1] - by_chance)],
    )
    of_ending = [clustered_share(ending == one, weights, groups).interval for one in kept.tolist()]
    total = float(excess.sum())
    found.add(
        "amounts.price_endings",
        dict(zip([str(one) for one in kept.tolist()], whole(excess.tolist()), strict=True)),
        unit="share of price points",
        method="endings commoner than the median ending",
        n=pointed.n,
        interval={
            str(one): [max(0.0, (low - usual) / total), min(1.0, (high - usual) / total)]
            for one, (low, high) in zip(kept.tolist(), of_ending, strict=True)
        },
    )


def _classes(found: Findings, rows: Prepared, base: Parameters) -> None:
    product = rows.table.product
    assert product is not None  # noqa: S101 - the caller looked
    chosen = rows.genuine & (product.codes >= 0)
    classes = as_classes(product, rows.table.weight)
    weights, groups, codes = rows.table.weight[chosen], rows.groups_of(chosen), classes.codes[chosen]
    named = class_names(product, rows.table.weight)
    note = (
        ""
        if set(product.names) <= set(classes.names)
        else ("; products by rank: " + ", ".join(f"{own} is {name}" for own, name in sorted(named.items())[:12]))
    )
    shares = clustered_shares(codes, len(classes.names), weights, groups)
    found.add_shares("amounts.shares", shares, classes.names, unit="share", method=f"weighted shares{note}")
    knots: dict[str, list[int]] = {}
    ends: dict[str, list[list[float]]] = {}
    amounts = rows.table.amount_minor[chosen].astype(np.float64)
    at = np.array(CLASS_KNOTS)
    for place, name in enumerate(classes.names):
        mine = codes == place
        if mine.sum() < LEAST_ROWS:
            value = low = high = _of_base(base, name, at)
        else:
            own = None if groups is None else groups[mine]
            value, low, high = clustered_quantiles(amounts[mine], weights[mine], at, own)
        knots[name] = _rising(value)
        ends[name] = [list(pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]
    n = effective_n(weights)
    found.add(
        "amounts.quantiles",
        list(CLASS_KNOTS),
        unit="quantile",
        method="chosen knots",
        n=n,
        interval=[[q, q] for q in CLASS_KNOTS],
    )
    found.add("amounts.classes", knots, unit="minor units", method=f"{WOODRUFF}{note}", n=n, interval=ends)


def _of_base(base: Parameters, name: str, at: Floats) -> Floats:
    classes = {str(known): knots for known, knots in base.amounts.classes.items()}
    amounts = classes.get(name) or next(iter(classes.values()))
    return QuantileSpline(np.array(base.amounts.quantiles), np.array(amounts, dtype=float))(at)


def _rising(value: Floats) -> list[int]:
    """Return whole minor units that rise: price points are the margin's, a class only says how dear among all."""
    rising: list[int] = []
    for amount in np.maximum(np.rint(value), 1).astype(np.int64).tolist():
        rising.append(max(amount, rising[-1] + 1 if rising else 1))
    return rising
