"""What a file says beside what is published about it: agreement is the published figure inside the file's interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from streamflow.calibration.profiles.profile import fraud_share
from streamflow.datasets.facts import facts
from streamflow.datasets.table import Bools, Codes, Floats
from streamflow.statistics.intervals import Share, effective_n, weighted_quantiles, wilson

Z = 3.290526731491926
"""Intervals of 99.9 %: a profile compares tens of figures, and one in twenty would miss by chance at 95 %."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure.

    Attributes:
        path: Its path among the published figures.
        published: What is published.
        here: What the file says.
        low: Lower end of the file's 99.9 % interval.
        high: Upper end.
    """

    path: str
    published: float
    here: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the published figure lies in the interval, half a last digit aside."""
        slack = 1e-6 + 5e-4 * abs(self.published)
        return self.low - slack <= self.published <= self.high + slack


def compare_classes(dataset: str, amount_minor: Floats, fraud: Bools, weights: Floats) -> list[Comparison]:
    """Compare the fraud rate and the quantiles of amounts, all together and by class, as far as they are published.

    Args:
        dataset: ulb or ieee_cis.
        amount_minor: Shape (rows,), amounts of zero included, as they are in the published figures.
        fraud: Shape (rows,).
        weights: Shape (rows,).
    """
    known = facts(dataset).figures
    rate = fraud_share(fraud, weights)
    found = [_share("fraud.rate", known["fraud.rate"].value, rate.part, rate.whole)]
    every = np.ones(len(fraud), dtype=np.bool_)
    for name, rows in (("all", every), ("legitimate", ~fraud), ("fraud", fraud)):
        path = f"amounts.{name}.quantiles"
        if path in known and rows.any():
            found += _quantiles(path, known[path].value, amount_minor[rows], weights[rows])
    return found


def compare_names(dataset: str, path: str, codes: Codes, weights: Floats) -> list[Comparison]:
    """Compare the shares of names; rows without one count in the whole, as they do in the published shares."""
    n, whole = effective_n(weights), float(weights.sum())
    mass = np.bincount(codes.codes + 1, weights=weights, minlength=len(codes.names) + 1)[1:]
    here = dict(zip(codes.names, mass.tolist(), strict=True))
    published: Mapping[str, float] = facts(dataset).figures[path].value
    return [_share(f"{path}.{name}", share, here.get(name, 0.0) / whole * n, n) for name, share in published.items()]


def compare_rates(dataset: str, path: str, codes: Codes, fraud: Bools, weights: Floats) -> list[Comparison]:
    """Compare fraud rates by name."""
    found = []
    for name, published in facts(dataset).figures[path].value.items():
        chosen = codes.codes == (codes.names.index(name) if name in codes.names else -2)
        rate = fraud_share(fraud[chosen], weights[chosen])
        found.append(_share(f"{path}.{name}", published, rate.part, rate.whole))
    return found


def compare_missing(dataset: str, path: str, missing: Mapping[str, float], n: float) -> list[Comparison]:
    """Compare the shares of rows without a value, of the columns that the file has."""
    published: Mapping[str, float] = facts(dataset).figures[path].value
    return [
        _share(f"{path}.{name}", share, missing[name] * n, n) for name, share in published.items() if name in missing
    ]


def disagreeing(comparisons: list[Comparison]) -> list[str]:
    """Return the paths of those that do not agree."""
    return [one.path for one in comparisons if not one.agrees]


def _share(path: str, published: float, part: float, whole: float) -> Comparison:
    share: Share = wilson(part, whole, Z)
    return Comparison(path, published, share.value or 0.0, share.low, share.high)


def _quantiles(path: str, published: Mapping[str, float], values: Floats, weights: Floats) -> Iterator[Comparison]:
    """Compare the inner quantiles; a minimum and a maximum have no interval."""
    n = effective_n(weights)
    for key, value in published.items():
        at = float(key)
        if 0 < at < 1:
            end = wilson(at * n, n, Z)
            here, low, high = weighted_quantiles(values, weights, np.array([at, end.low, end.high])).tolist()
            yield Comparison(f"{path}.{key}", value, here, low, high)
