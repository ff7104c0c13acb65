"""Rule sets and the horizons of the detector's state: strict, typed, frozen.

A rule set is data: five rules, each with measures, each measure with up to six bands of strength, each band with a
weight in micro log-odds and the evidence behind it. A measure that a rule set leaves out has no band. What the figures
mean stands in contracts/fraud_rules/1.0.0.yaml.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from streamflow.contracts.catalogue import version_key
from streamflow.contracts.odcs import Version
from streamflow.contracts.strict import Document, convert, convert_mapping, read_yaml
from streamflow.errors import InputError, nearest

CHECKOUT = Path(__file__).resolve().parents[2] / "contracts"
"""The contracts beside this package. Whoever has settings passes their `contracts_dir`; this layer has none."""

MAX_BANDS = 6
RULES = ("high_value", "velocity", "geographic", "time_anomaly", "blacklist")

Status = Literal["measured", "anchored", "simulated", "assumed"]
Ulo = Annotated[int, Meta(ge=-100_000_000, le=100_000_000)]
WindowSeconds = Annotated[int, Meta(ge=1)]
Digits = Annotated[int, Meta(ge=0, le=9)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mapping whose unknown keys are errors."""


class Band(Part, frozen=True):
    """One band of strength: from `at_least` up to the next band's.

    Attributes:
        id: Name of the band within its measure.
        at_least: Lower bound, inclusive, in the measure's unit.
        weight_ulo: What the band adds to the score, micro log-odds; never negative, never less than a weaker band's.
        n: Purchases that the weight was fitted on; None unless measured or simulated.
        interval: Its confidence interval, micro log-odds.
        status: Where the figures come from.
    """

    id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9_.]+$")]
    at_least: int | float
    weight_ulo: Annotated[int, Meta(ge=0, le=100_000_000)]
    status: Status
    n: Annotated[int, Meta(ge=0)] | None = None
    interval: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Hold interval and evidence against each other."""
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise ValueError(f"the interval of band '{self.id}' ends before it begins")
        if self.status in ("measured", "simulated") and (self.n is None or self.interval is None):
            raise ValueError(f"band '{self.id}' is {self.status}, so it needs n and interval")


class Measure(Part, frozen=True):
    """A quantity that a rule observes.

    Attributes:
        unit: Its unit, as alerts show it.
        digits: Decimal digits to which it is rounded before it is compared or written.
        bands: Weakest first; none means that the measure adds nothing.
    """

    unit: Annotated[str, Meta(min_length=1, max_length=32)]
    digits: Digits
    bands: Annotated[tuple[Band, ...], Meta(max_length=MAX_BANDS)] = ()

    def __post_init__(self) -> None:
        """Hold the bands' order, names and weights."""
        if len({band.id for band in self.bands}) != len(self.bands):
            raise ValueError("two bands have the same id")
        for weaker, stronger in zip(self.bands, self.bands[1:], strict=False):
            if not weaker.at_least < stronger.at_least:
                raise ValueError(f"band '{stronger.id}' must begin above band '{weaker.id}'")
            if stronger.weight_ulo < weaker.weight_ulo:
                raise ValueError(f"band '{stronger.id}' weighs less than the weaker band '{weaker.id}'")
        for band in self.bands:
            if round(band.at_least, self.digits) != band.at_least:
                raise ValueError(f"band '{band.id}' begins at {band.at_least}, which has over {self.digits} digits")

    def band_for(self, value: float) -> Band | None:
        """Return the band that a rounded value reaches, or None below the first."""
        index = bisect_right(self.bands, value, key=lambda band: band.at_least)
        return self.bands[index - 1] if index else None


class HighValueMeasures(Part, frozen=True):
    """Measures of high_value; a line takes the larger weight of the two."""

    ratio_to_mean: Measure = Measure(unit="ratio", digits=4)
    amount_minor: Measure = Measure(unit="minor", digits=0)


class HighValue(Part, frozen=True):
    """Amount against the customer's running mean, and against legitimate amounts."""

    min_history: Annotated[int, Meta(ge=1)]
    measures: HighValueMeasures


class VelocityMeasures(Part, frozen=True):
    """Measures of velocity."""

    purchases: Measure = Measure(unit="purchases", digits=0)


class Velocity(Part, frozen=True):
    """Purchases of the customer within the window."""

    window_s: WindowSeconds
    measures: VelocityMeasures


class GeographicMeasures(Part, frozen=True):
    """Measures of geographic."""

    distance_km: Measure = Measure(unit="km", digits=3)
    speed_kmh: Measure = Measure(unit="km/h", digits=3)


class Geographic(Part, frozen=True):
    """Distance and speed between purchases within the window."""

    window_s: WindowSeconds
    measures: GeographicMeasures


class TimeAnomalyMeasures(Part, frozen=True):
    """Measures of time_anomaly."""

    deviation_sigma: Measure = Measure(unit="sigma", digits=4)


class TimeAnomaly(Part, frozen=True):
    """Local hour against the customer's hours; `min_sigma_min` is the least deviation, minutes."""

    min_history: Annotated[int, Meta(ge=1)]
    min_sigma_min: Annotated[float, Meta(gt=0, le=720)]
    measures: TimeAnomalyMeasures


class BlacklistMeasures(Part, frozen=True):
    """Measures of blacklist."""

    listed: Measure = Measure(unit="entries", digits=0)
    risk: Measure = Measure(unit="share", digits=6)


class Blacklist(Part, frozen=True):
    """Merchant listed at event time."""

    measures: BlacklistMeasures


class Rules(Part, frozen=True):
    """The five rules."""

    high_value: HighValue
    velocity: Velocity
    geographic: Geographic
    time_anomaly: TimeAnomaly
    blacklist: Blacklist


class RuleSet(Part, frozen=True, dict=True):
    """One version of the five rules with their weights.

    Attributes:
        calibration: Id of the calibration that measured it; None while nobody did.
        prior_ulo: Log-odds of a purchase about which no rule has anything to say, micro.
        alert_threshold_ulo: Log-odds from which a purchase is an alert, micro.
        score_digits: Digits to which the score is rounded.
        score_calibrated: Whether the score is a probability that was checked against labels.
    """

    version: Version
    status: Literal["draft", "released"]
    prior_ulo: Ulo
    alert_threshold_ulo: Ulo
    score_digits: Annotated[int, Meta(ge=1, le=6)]
    score_calibrated: bool
    rules: Rules
    calibration: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    prior_status: Status = "assumed"
    alert_threshold_status: Status = "assumed"

    def __post_init__(self) -> None:
        """Hold threshold and calibration against the rest."""
        if self.alert_threshold_ulo <= self.prior_ulo:
            raise ValueError("alert_threshold_ulo must lie above prior_ulo, or every purchase is an alert")
        if self.score_calibrated and self.calibration is None:
            raise ValueError("a calibrated score needs the id of its calibration")

    def measures(self) -> Iterator[tuple[str, str, Measure]]:
        """Yield (rule, measure, its bands) of all rules."""
        for rule in RULES:
            named = getattr(self.rules, rule).measures
            for measure in named.__struct_fields__:
                yield rule, measure, getattr(named, measure)

    def payload(self) -> dict[str, Any]:
        """Return the rule set as JSON carries it; `rule_set_from` reads it back."""
        # Through JSON: a tuple here would differ from the list that comes back from the topic.
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON: what evidence and promotions refer to."""
        return hashlib.sha256(msgspec.json.encode(self.payload(), order="sorted")).hexdigest()


class Horizons(Part, frozen=True):
    """How far the detector's state reaches; see contracts/fraud_rules/horizons.yaml.

    Attributes:
        max_out_of_orderness_s: What a customer's watermark lags behind the highest event time, seconds.
        retention_s: Gap between purchases after which a customer starts afresh, seconds.
        dedup_horizon_s: How long ids are remembered, seconds of event time.
        max_pending: Unsettled purchases of one customer.
        max_window_s: The longest window of a rule, seconds.
    """

    max_out_of_orderness_s: Annotated[int, Meta(ge=0)]
    retention_s: Annotated[int, Meta(ge=1)]
    dedup_horizon_s: Annotated[int, Meta(ge=1)]
    max_pending: Annotated[int, Meta(ge=1)]
    max_window_s: Annotated[int, Meta(ge=1)]

    def __post_init__(self) -> None:
        """Hold the horizons against each other."""
        if self.dedup_horizon_s < self.max_out_of_orderness_s:
            raise ValueError("dedup_horizon_s must not be below max_out_of_orderness_s")
        if self.retention_s < max(self.max_window_s, self.dedup_horizon_s):
            raise ValueError("retention_s must not be below max_window_s and dedup_horizon_s")


def _folder(root: Path | None) -> Path:
    return (root or CHECKOUT) / "fraud_rules"


def rule_set_versions(root: Path | None = None) -> tuple[str, ...]:
    """Return the versions on file, oldest first; `root` is the contracts folder, the checkout's when not given."""
    found = [path.stem for path in _folder(root).glob("*.yaml") if path.stem[:1].isdigit()]
    try:
        return tuple(sorted(found, key=version_key))
    except ValueError:
        raise InputError(f"A file in {_folder(root)} is named like no version; name it as 1.0.0.yaml.") from None


def load_rule_set(version: str, root: Path | None = None) -> RuleSet:
    """Read a rule set from contracts/fraud_rules.

    Args:
        version: Its version.
        root: The contracts folder; that of the checkout when not given.

    Returns:
        The rule set.

    Raises:
        InputError: There is no such version, or its file breaks the rules; with file, line and nearest valid name.
    """
    known = rule_set_versions(root)
    if version not in known:
        raise InputError(f"There is no rule set {version}; {nearest(version, known)}")
    document = read_yaml(_folder(root) / f"{version}.yaml")
    rule_set = convert_rule_set(document)
    if rule_set.version != version:
        raise document.fail("$.version", f"the version {rule_set.version} is not that of its file, {version}.")
    return rule_set


def convert_rule_set(document: Document) -> RuleSet:
    """Turn a file that was read into a rule set.

    Raises:
        InputError: It breaks the rules; with file, line and nearest valid name.
    """
    return convert(document, RuleSet)


def rule_set_from(mapping: Mapping[str, Any]) -> RuleSet:
    """Read a rule set from a mapping, as a fraud-rules record carries it.

    Raises:
        InputError: It breaks the rules; the sentence names the place and the nearest valid name.
    """
    return convert_mapping(mapping, RuleSet, "The rule set")


def load_horizons(root: Path | None = None) -> Horizons:
    """Read contracts/fraud_rules/horizons.yaml; `root` is the contracts folder.

    Raises:
        InputError: The file is missing or wrong.
    """
    return convert(read_yaml(_folder(root) / "horizons.yaml"), Horizons)


def check_horizons(rule_set: RuleSet, horizons: Horizons) -> None:
    """Refuse a rule set that needs more history than the detector keeps.

    Raises:
        InputError: A window is longer than the state's; the sentence names rule, window and limit.
    """
    for rule in ("velocity", "geographic"):
        window_s = getattr(rule_set.rules, rule).window_s
        if window_s > horizons.max_window_s:
            raise InputError(
                f"Rule set {rule_set.version} cannot run: {rule}.window_s is {window_s}, but the detector keeps "
                f"{horizons.max_window_s} s of history (max_window_s in contracts/fraud_rules/horizons.yaml)."
            )
