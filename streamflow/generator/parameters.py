"""The figures of the simulated world: read strictly from `contracts/generator/<version>.yaml`.

Each figure in the file carries its value and a status. Here they become plain typed values, and `Parameters.figures`
keeps status and source beside the path, so that a report can say how much of a world is measured.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from streamflow.contracts.catalogue import version_key
from streamflow.contracts.released import read_lock
from streamflow.contracts.strict import Document, read_yaml
from streamflow.errors import InputError, nearest

Status = Literal["assumed", "anchored", "measured", "simulated"]
ProductClass = Literal["grocery", "fashion", "home", "electronics", "luxury", "digital", "travel"]
Channel = Literal["web", "app", "in_store", "phone"]
ScenarioName = Literal[
    "burst", "big_ticket", "impossible_travel", "odd_hours", "bad_merchant", "camouflaged", "slow_siphon", "gift_cards"
]
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
FAULT_KINDS = ("out_of_order", "late", "duplicate", "conflict", "broken", "unknown_field")
FILE_KEYS = {"version", "calibration", "figures"}
FIGURE_KEYS = {"value", "status", "reason", "source", "n", "interval", "method"}

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


def _sums_to_one(shares: Any) -> Any:
    values = shares.values() if isinstance(shares, dict) else shares
    if abs(sum(values) - 1) > 1e-9:
        raise ValueError(f"shares must sum to 1, not {sum(values):g}")
    return shares


def _ascending(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= pair[0] <= pair[1]:
        raise ValueError("must be two numbers, the smaller first")
    return pair


Shares = Annotated[tuple[Share, ...], AfterValidator(_sums_to_one)]
Span = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Part(BaseModel):
    """A group of figures; a name that is not one of its fields is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_quantiles(quantiles: tuple[float, ...]) -> tuple[float, ...]:
    if quantiles[0] != 0 or quantiles[-1] != 1 or list(quantiles) != sorted(set(quantiles)):
        raise ValueError("quantiles must rise from 0 to 1")
    return quantiles


Quantiles = Annotated[tuple[Share, ...], Field(min_length=2), AfterValidator(_check_quantiles)]


class Curve(Part):
    """A monotone quantile function of something positive."""

    quantiles: Quantiles
    values: tuple[Positive, ...]

    @model_validator(mode="after")
    def _rising(self) -> Curve:
        if len(self.values) != len(self.quantiles) or list(self.values) != sorted(self.values):
            raise ValueError("values must not fall, one a quantile")
        return self


class Customers(Part):
    """Who buys, how often and with what.

    With `even`, habits are dealt, not drawn one by one: shares are met as nearly as whole customers allow, whatever
    they buy. A world that shall meet what was measured needs it, because a run of a few hundred customers would
    otherwise miss its own shares by several per cent. `activity`, in any unit, counts in place of `activity_shape`;
    `any_class_share` of the purchases are of a class that has nothing to do with the customer.
    """

    purchases_per_day: Positive
    activity_shape: Positive
    cards: Shares
    devices: Shares
    main_item_share: Share
    favourite_merchants: int = Field(ge=1, le=50)
    favourite_share: Share
    main_class_share: Share
    spend_consistency: Share
    segments: Annotated[dict[Literal["standard", "plus", "business"], Share], AfterValidator(_sums_to_one)]
    joining_share: Share
    moving_share: Share
    travelling_share: Share
    late_reference_share: Share
    even: bool = False
    activity: Curve | None = None
    any_class_share: Share = 0.0


class Rhythm(Part):
    """When they buy: hours in local time, kappa of a von Mises distribution.

    Second baskets come after `basket_gaps_s` where it is given, and a share of them after another second one. Given
    `hours` are shares of the whole by hour of UTC. A source that knows no offsets has one clock for all: with it,
    customers keep that clock's hours wherever they live, and the source's midnight is that of UTC.
    """

    week: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7)]
    peaks_h: tuple[Annotated[float, Field(ge=0, lt=24)], ...]
    peak_weights: Shares
    peak_spread_h: Positive
    night_share: Share
    concentration: tuple[Annotated[float, Field(ge=0, le=500)], ...]
    concentration_weights: Shares
    uniform_share: Share
    second_basket_share: Annotated[float, Field(ge=0, le=0.4)]
    hours: Annotated[tuple[Share, ...], Field(min_length=24, max_length=24), AfterValidator(_sums_to_one)] | None = None
    clock: Literal["local", "source"] = "local"
    basket_gaps_s: Curve | None = None
    further_basket_share: Annotated[float, Field(ge=0, le=0.9)] = 0.0

    @model_validator(mode="after")
    def _same_length(self) -> Rhythm:
        if len(self.peaks_h) != len(self.peak_weights) or len(self.concentration) != len(self.concentration_weights):
            raise ValueError("each peak and each concentration needs one weight")
        return self


class Channels(Part):
    """Where they buy, and what a record lacks."""

    shares: Annotated[dict[Channel, Share], AfterValidator(_sums_to_one)]
    store_reach_km: Positive
    jitter_km: Positive
    no_position_share: Share
    wrong_position_share: Share
    no_merchant_share: Share
    no_offset_share: Share
    more_than_one_share: Share


class Sessions(Part):
    """Clicks before a purchase."""

    share: Share
    max_page_views: int = Field(ge=1, le=50)
    length_s: Span


class Merchants(Part):
    """Sellers of the marketplace."""

    count: int = Field(ge=10, le=1_000_000)
    popularity: Annotated[float, Field(ge=0)]
    compromised_share: Share


class Margin(Part):
    """Amounts of all classes together, minor units: a monotone quantile function; a flat stretch is a price point."""

    quantiles: Quantiles
    amounts: tuple[Annotated[float, Field(gt=0, le=10_000_000_000)], ...]

    @model_validator(mode="after")
    def _rising(self) -> Margin:
        if len(self.amounts) != len(self.quantiles) or list(self.amounts) != sorted(self.amounts):
            raise ValueError("amounts must not fall, one a quantile")
        return self


class Amounts(Part):
    """A monotone quantile spline a product class, in minor units, and the mass on price endings.

    With a `margin` the classes say only how dear a purchase is among all; what it costs is the margin's.
    """

    quantiles: Quantiles
    classes: dict[ProductClass, tuple[Annotated[int, Field(ge=1, le=10_000_000_000)], ...]]
    shares: Annotated[dict[ProductClass, Share], AfterValidator(_sums_to_one)]
    price_point_share: Share
    price_endings: Annotated[dict[Annotated[int, Field(ge=0, le=99)], Share], AfterValidator(_sums_to_one)]
    margin: Margin | None = None

    @model_validator(mode="after")
    def _monotone(self) -> Amounts:
        if set(self.classes) != set(self.shares):
            raise ValueError("classes and shares must name the same product classes")
        for name, knots in self.classes.items():
            if len(knots) != len(self.quantiles) or list(knots) != sorted(set(knots)):
                raise ValueError(f"the amounts of '{name}' must rise, one a quantile")
        return self


class Fraud(Part):
    """How much fraud, and of which scenarios.

    Where they are given, the shares of fraud an hour of the day (UTC), a tenth of the traffic's time and a product
    class say which episodes are chosen, and `amounts` what fraudulent purchases cost, the dearest staying the dearest.
    """

    rate: Annotated[float, Field(ge=0, le=0.2)]
    warm_up_share: Annotated[float, Field(ge=0, lt=0.9)]
    shares: Annotated[dict[ScenarioName, Share], AfterValidator(_sums_to_one)]
    hours: Annotated[tuple[Share, ...], Field(min_length=24, max_length=24), AfterValidator(_sums_to_one)] | None = None
    tenths: Annotated[tuple[Share, ...], Field(min_length=10, max_length=10), AfterValidator(_sums_to_one)] | None = (
        None
    )
    products: Annotated[dict[ProductClass, Share], AfterValidator(_sums_to_one)] | None = None
    amounts: Margin | None = None


class Labels(Part):
    """How and when fraud becomes known."""

    reported_share: Share
    dispute_share: Share
    median_delay_days: Positive
    p95_delay_days: Positive
    max_delay_days: Positive
    tail_purchases_share: Annotated[float, Field(ge=0, le=0.5)]
    notice_share: Share
    notice_delay_h: Span

    @model_validator(mode="after")
    def _ordered(self) -> Labels:
        if not self.median_delay_days < self.p95_delay_days < self.max_delay_days:
            raise ValueError("the delays must rise: median, p95, max")
        return self


class Faults(Part):
    """What goes wrong on the way."""

    out_of_order: Share
    late: Share
    duplicate: Share
    conflict: Share
    broken: Share
    unknown_field: Share
    out_of_order_s: Span
    late_s: Span
    resend_s: Span

    def total(self) -> float:
        """Return the share of purchases with any fault."""
        return float(sum(getattr(self, kind) for kind in FAULT_KINDS))

    def scaled_to(self, total: float) -> Faults:
        """Return the same mixture of faults at another total share."""
        factor = total / self.total() if self.total() else 0.0
        return self.model_copy(update={kind: getattr(self, kind) * factor for kind in FAULT_KINDS})


class Reference(Part):
    """Changes of stores and products."""

    store_moves: int = Field(ge=0, le=10)
    price_changes: int = Field(ge=0, le=10_000)
    products_per_class: int = Field(ge=1, le=1000)


class Figure(Part):
    """Where a figure comes from."""

    status: Status
    source: str


class Parameters(Part):
    """The whole world. Shares lie in 0..1, money in minor units, the start in UTC."""

    version: str
    start: datetime
    customers: Customers
    rhythm: Rhythm
    channels: Channels
    sessions: Sessions
    merchants: Merchants
    amounts: Amounts
    fraud: Fraud
    labels: Labels
    faults: Faults
    reference: Reference
    figures: dict[str, Figure]
    calibration: str | None = None

    @property
    def start_us(self) -> int:
        """The first instant of the run, in epoch microseconds."""
        return int(self.start.astimezone(UTC).timestamp()) * 1_000_000


def _split(document: Document, node: Any, path: tuple[str, ...], figures: dict[str, Any]) -> Any:
    """Replace each figure by its value and note its provenance under the path."""
    name = ".".join(path)
    place = "$.figures." + name
    if not isinstance(node, dict):
        raise document.fail(place, f"'{name}' must be a figure with value and status, not a bare value.")
    if "value" not in node:
        return {key: _split(document, child, (*path, key), figures) for key, child in node.items()}
    for key in node:
        if key not in FIGURE_KEYS:
            raise document.fail(f"{place}.{key}", f"'{name}' has no part '{key}'; {nearest(key, FIGURE_KEYS)}")
    source = node.get("source") or node.get("reason")
    if node.get("status") not in get_args(Status) or not source:
        raise document.fail(place, f"'{name}' needs a status ({', '.join(get_args(Status))}) and a source or a reason.")
    figures[name] = {"status": node["status"], "source": str(source)}
    return node["value"]


def _failure(document: Document, error: ValidationError) -> InputError:
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    path = [str(part) for part in first["loc"]]
    name, place = ".".join(path), "$.figures." + ".".join(path[:2])
    if first["type"] == "extra_forbidden":
        model: Any = Parameters
        for part in path[:-1]:
            model = model.model_fields[part].annotation
        return document.fail(place, f"there is no figure '{name}'; {nearest(path[-1], model.model_fields)}")
    if first["type"] == "missing":
        return document.fail(place, f"the figure '{name}' is missing.")
    return document.fail(place, f"'{name}' is wrong: {first['msg'].removeprefix('Value error, ')}.")


def parameter_versions(folder: Path) -> tuple[str, ...]:
    """Return the released versions in `contracts/generator`, oldest first.

    Args:
        folder: Its lock lies in the folder above. Where the lock names no parameter file, all count as released.
    """
    on_file = {path.stem for path in folder.glob("*.yaml") if VERSION.fullmatch(path.stem)}
    locked = {Path(name).stem for name in read_lock(folder.parent) if name.startswith(f"{folder.name}/")}
    return tuple(sorted(on_file & locked if locked else on_file, key=version_key))


def parameter_file(folder: Path, version: str | None = None) -> Path:
    """Return the parameter file of a version, the newest released one when none is named.

    Raises:
        InputError: There is none at all.
    """
    if version is not None:
        return folder / f"{version}.yaml"
    known = parameter_versions(folder)
    if not known:
        raise InputError(f"There are no generator parameters in {folder}; restore contracts/generator/1.0.0.yaml.")
    return folder / f"{known[-1]}.yaml"


def load_parameters(path: Path) -> Parameters:
    """Read a parameter file.

    Args:
        path: `contracts/generator/<version>.yaml`.

    Returns:
        The frozen parameters.

    Raises:
        InputError: The file is missing, is no strict YAML, or a name or value in it is wrong; with file and line.
    """
    if not path.is_file():
        known = [found.stem for found in path.parent.glob("*.yaml")]
        tail = f"; {nearest(path.stem, known)}" if known else "."
        raise InputError(f"There are no generator parameters {path}{tail}")
    document = read_yaml(path)
    loaded = document.data
    if not isinstance(loaded, dict) or not isinstance(loaded.get("figures"), dict) or "version" not in loaded:
        raise document.fail("$", "the file must have 'version' and 'figures'.")
    for key in loaded:
        if key not in FILE_KEYS:
            raise document.fail(f"$.{key}", f"the key '{key}' is unknown; {nearest(key, FILE_KEYS)}")
    version = str(loaded["version"])
    if version != path.stem:
        raise document.fail("$.version", f"the version is '{version}', the file's name says '{path.stem}'.")
    figures: dict[str, Any] = {}
    values = {key: _split(document, node, (key,), figures) for key, node in loaded["figures"].items()}
    try:
        return Parameters.model_validate(
            {**values, "version": version, "calibration": loaded.get("calibration"), "figures": figures}
        )
    except ValidationError as error:
        raise _failure(document, error) from None
