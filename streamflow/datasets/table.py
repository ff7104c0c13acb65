"""Purchases as columns, whatever file they come from; a column that the source lacks is None, never invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streamflow.contracts.calibrations import Source

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Codes:
    """A column of names, as numbers.

    Attributes:
        codes: Shape (rows,); the name's place in `names`, -1 where the row has none.
        names: The distinct names, sorted; numbers or an order of their own where nobody asks for a name.
    """

    codes: Ints
    names: Sequence[str]

    @classmethod
    def of(cls, values: list[str] | list[str | None]) -> Codes:
        """Number the names of a column; None and the empty text are none."""
        names = tuple(sorted({value for value in values if value}))
        place = {name: number for number, name in enumerate(names)}
        return cls(np.array([place[value] if value else -1 for value in values], dtype=np.int64), names)


@dataclass(frozen=True)
class PurchaseTable:
    """Purchases in the order of the source, one entry a row in every array.

    Attributes:
        dataset: ulb, ieee_cis or own.
        source: The file they come from.
        event_us: Event time, epoch microseconds; from an origin of the source's own where `has_date` is false.
        amount_minor: Minor units.
        weight: What a row stands for; 1 unless the source is a re-weighted sample.
        fraud: Whether it is labelled fraud.
        has_date: Whether event times are dates, so that weekdays and hours of the day mean something.
        known_us: When its label is known, epoch microseconds; None where the source does not say.
        offset_min: Minutes that local time is ahead of UTC, where known.
        customer: Who bought.
        customer_is_proxy: Whether `customer` is put together from other columns, as a card's attributes.
        merchant: Who sold.
        card: The card's token.
        device: The device's token.
        product: What was bought; product_class for generated purchases.
        latitude: Degrees north; NaN where a row has none.
        longitude: Degrees east; NaN where a row has none.
        missing: By column of the source, the weighted share of rows without a value.
        set_aside: By reason, rows that are no purchase and are not in the arrays.
    """

    dataset: str
    source: Source
    event_us: Ints
    amount_minor: Ints
    weight: Floats
    fraud: Bools
    has_date: bool = True
    known_us: Ints | None = None
    offset_min: Ints | None = None
    customer: Codes | None = None
    customer_is_proxy: bool = False
    merchant: Codes | None = None
    card: Codes | None = None
    device: Codes | None = None
    product: Codes | None = None
    latitude: Floats | None = None
    longitude: Floats | None = None
    missing: dict[str, float] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.event_us)

    @property
    def days(self) -> float:
        """Days from the first purchase to the last."""
        return float(self.event_us.max() - self.event_us.min()) / 86_400_000_000 if len(self) else 0.0

    @property
    def status(self) -> str:
        """What figures computed on these rows are: measured on a file of real rows, else simulated."""
        return "measured" if self.source.kind == "file" else "simulated"
