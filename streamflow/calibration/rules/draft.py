"""A rule set from what was fitted: parameters, bands with weights and intervals, prior and threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import msgspec
import numpy as np

from streamflow.calibration.rules.bands import Bands, Index, Rows
from streamflow.calibration.rules.choices import Choice
from streamflow.calibration.rules.threshold import ROUND_ULO, Threshold
from streamflow.contracts.rule_sets import Band, Measure, RuleSet
from streamflow.datasets.table import Floats

NEVER_ULO = 50_000_000
"""Above the prior by this much, a threshold is reached by nothing."""

Status = Literal["measured", "anchored", "simulated", "assumed"]


def to_ulo(weight: float) -> int:
    """Return log-odds as micro log-odds, rounded to a thousandth of a log-odd."""
    return round(weight * 1e6 / ROUND_ULO) * ROUND_ULO


@dataclass(frozen=True)
class Ladder:
    """One measure as fitted.

    Attributes:
        bands: Its bands; with intervals of their bounds once the fit is finished.
        weights_ulo: Weight of each band, micro log-odds.
        low_ulo: Lower ends of the weights' intervals.
        high_ulo: Upper ends.
        n: Rows in each band.
        frauds: Of them, fraud.
        status: measured or simulated; empty without bands.
        source: Key of the source in the calibration.
    """

    bands: Bands
    weights_ulo: tuple[int, ...]
    low_ulo: tuple[int, ...] = ()
    high_ulo: tuple[int, ...] = ()
    n: tuple[int, ...] = ()
    frauds: tuple[int, ...] = ()
    status: str = ""
    source: str = ""

    @classmethod
    def plain(cls, bands: Bands, weights_ulo: Sequence[int]) -> Ladder:
        """Return a ladder without evidence."""
        return cls(bands, tuple(weights_ulo))

    @classmethod
    def fitted(
        cls, bands: Bands, found: Sequence[Floats], index: Index, rows: Rows, *, status: str, source: str
    ) -> Ladder:
        """Return a ladder with its evidence.

        Args:
            bands: With the intervals of their bounds.
            found: Weights, lower ends, upper ends, in log-odds.
            index: Band of each row, from 1; 0 is none.
            rows: The rows.
            status: measured or simulated.
            source: Key of the source.
        """
        weights = [to_ulo(weight) for weight in found[0]]
        low = [min(to_ulo(end), weight) for end, weight in zip(found[1], weights, strict=True)]
        high = [max(to_ulo(end), weight) for end, weight in zip(found[2], weights, strict=True)]
        count = len(bands.bounds) + 1
        n = np.bincount(index, minlength=count)[1:]
        frauds = np.bincount(index[rows.fraud], minlength=count)[1:]
        return cls(
            bands, tuple(weights), tuple(low), tuple(high), tuple(n.tolist()), tuple(frauds.tolist()), status, source
        )

    def band_ids(self) -> list[str]:
        """Name the bands by their bounds, as `from_2_5`."""
        return [f"from_{str(plain(bound, self.bands.scale)).replace('.', '_')}" for bound in self.bands.bounds]


def plain(scaled: int, scale: int) -> int | float:
    """Return a scaled value in the measure's unit, whole numbers as integers."""
    return scaled // scale if scaled % scale == 0 else scaled / scale


def with_parameters(base: RuleSet, choices: Mapping[str, Choice | None]) -> RuleSet:
    """Return the rule set with the windows and histories that were chosen."""
    rules = base.rules
    for rule, choice in choices.items():
        if choice is None:
            continue
        values: dict[str, float] = {
            name: value if name == "min_sigma_min" else int(value) for name, value in choice.candidate.values.items()
        }
        rules = msgspec.structs.replace(rules, **{rule: msgspec.structs.replace(getattr(rules, rule), **values)})
    return msgspec.structs.replace(base, rules=rules)


def drafted(rule_set: RuleSet, ladders: Mapping[str, Ladder], prior_ulo: int, threshold: Threshold | None) -> RuleSet:
    """Return the rule set with the fitted bands, prior and threshold; measures that were not fitted keep theirs."""
    rules = rule_set.rules
    for name, ladder in ladders.items():
        rule, measure = name.split(".")
        stated = getattr(rules, rule)
        measures = msgspec.structs.replace(
            stated.measures, **{measure: _measure(getattr(stated.measures, measure), ladder)}
        )
        rules = msgspec.structs.replace(rules, **{rule: msgspec.structs.replace(stated, measures=measures)})
    return msgspec.structs.replace(
        rule_set,
        rules=rules,
        prior_ulo=prior_ulo,
        alert_threshold_ulo=prior_ulo + NEVER_ULO if threshold is None else threshold.ulo,
    )


def _measure(stated: Measure, ladder: Ladder) -> Measure:
    bands = []
    ids = ladder.band_ids()
    for at, bound in enumerate(ladder.bands.bounds):
        evident = bool(ladder.n)
        bands.append(
            Band(
                id=ids[at],
                at_least=plain(bound, ladder.bands.scale),
                weight_ulo=ladder.weights_ulo[at],
                status=cast("Status", ladder.status) if evident else "assumed",
                n=ladder.n[at] if evident else None,
                interval=(ladder.low_ulo[at], ladder.high_ulo[at]) if evident else None,
            )
        )
    return msgspec.structs.replace(stated, bands=tuple(bands))
