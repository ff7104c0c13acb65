"""One figure of a backtest: a value with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np

from streamflow.datasets.table import Floats

DIGITS = 6
Z = (2.5, 97.5)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the findings."""


class Estimate(Part, frozen=True):
    """One figure.

    Attributes:
        value: The figure; None where it has no meaning.
        low: Lower end of its 95 % interval; None where nothing can be said.
        high: Upper end.
        reason: Why there is no value.
    """

    value: int | float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


def estimate(drawn: Floats, reason: str, *, whole: bool = False) -> Estimate:
    """Return a figure from its resamples.

    Args:
        drawn: Shape (1 + resamples,): the figure itself, then the resamples; NaN where it has no meaning.
        reason: Why there is no value, if there is none.
        whole: Whether the figure is a count.
    """
    value = float(drawn[0])
    if not math.isfinite(value):
        return Estimate(value=None, reason=reason)
    usable = drawn[1:][np.isfinite(drawn[1:])]
    low, high = np.percentile(usable, Z) if len(usable) else (np.nan, np.nan)
    return Estimate(value=round(value) if whole else plain(value), low=finite(low), high=finite(high))


def plain(value: float) -> float:
    """Round as findings are rounded; never minus zero."""
    return round(float(value), DIGITS) + 0.0


def finite(value: float) -> float | None:
    """Return a rounded number, None in place of NaN and infinity."""
    return plain(value) if math.isfinite(value) else None


def quotient(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)


def estimates(part: object, path: str = "") -> Iterator[tuple[str, Estimate]]:
    """Yield every figure of a part with its path, as `judged.0.together.recall`."""
    if isinstance(part, Estimate):
        yield path, part
    elif isinstance(part, Part):
        for name in part.__struct_fields__:
            yield from estimates(getattr(part, name), f"{path}.{name}" if path else name)
    elif isinstance(part, tuple):
        for at, each in enumerate(part):
            yield from estimates(each, f"{path}.{at}")
