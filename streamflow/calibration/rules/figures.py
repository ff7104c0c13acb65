"""The figures of a rule set with their evidence, by path: `rules.velocity.purchases.from_6.weight_ulo`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from streamflow.calibration.rules.choices import Choice
from streamflow.calibration.rules.draft import Ladder, plain
from streamflow.calibration.rules.fit import RuleFit
from streamflow.calibration.rules.judgement import UNITS, Judgement
from streamflow.calibration.rules.locked import LAST, Locked
from streamflow.calibration.rules.measures import PARAMETERS
from streamflow.calibration.world.evidence import CHOICE
from streamflow.contracts.calibrations import Figure, training_path
from streamflow.contracts.rule_sets import RULES, RuleSet

ULO = "micro log-odds"
BOUND = "quantile {quantile:g} of legitimate purchases, rounded up to 3 digits; bootstrap over customers"
CUT = "quantile {quantile:g} of purchases, fraud included, where an alert budget can end; bootstrap over customers"
WEIGHT = "joint logistic fit, increments not negative, ridge {ridge:g}; bootstrap over customers"
CHOSEN = "the candidate that tells most about the last quarter of the training rows: {gains}"
UNIT_OF = {"window_s": "s", "min_history": "purchases", "min_sigma_min": "min"}


def ladder_figures(name: str, ladder: Ladder, ridge: float, reason: str) -> Iterator[tuple[str, Figure]]:
    """Yield the bounds and weights of one measure.

    Args:
        name: `rule.measure`.
        ladder: As fitted.
        ridge: The fit's penalty.
        reason: Why it is not measured; empty where it is.
    """
    bands = ladder.bands
    for at, band in enumerate(ladder.band_ids()):
        ends = [plain(bands.low[at], bands.scale), plain(bands.high[at], bands.scale)] if bands.low else None
        path = f"rules.{name}.{band}"
        placed = CUT if at >= len(bands.bounds) - bands.cuts else BOUND
        yield (
            f"{path}.at_least",
            Figure(
                value=plain(bands.bounds[at], bands.scale),
                unit=_unit(name),
                status=ladder.status,  # type: ignore[arg-type]
                method=placed.format(quantile=round(1 - bands.tails[at], 6)),
                source=ladder.source,
                n=ladder.n[at],
                interval=ends,
                reason=reason,
            ),
        )
        yield (
            f"{path}.weight_ulo",
            Figure(
                value=ladder.weights_ulo[at],
                unit=ULO,
                status=ladder.status,  # type: ignore[arg-type]
                method=WEIGHT.format(ridge=ridge) + f"; {ladder.frauds[at]} frauds",
                source=ladder.source,
                n=ladder.n[at],
                interval=[ladder.low_ulo[at], ladder.high_ulo[at]],
                reason=reason,
            ),
        )


def _unit(name: str) -> str:
    units = {
        "high_value.ratio_to_mean": "ratio",
        "high_value.amount_minor": "minor",
        "velocity.purchases": "purchases",
        "geographic.distance_km": "km",
        "geographic.speed_kmh": "km/h",
        "time_anomaly.deviation_sigma": "sigma",
        "blacklist.listed": "entries",
        "blacklist.risk": "share",
    }
    return units[name]


def choice_figures(
    rule: str, rule_set: RuleSet, choice: Choice, *, status: str, source: str, reason: str
) -> Iterator[tuple[str, Figure]]:
    """Yield windows and histories of a rule that were chosen from rows."""
    for name in PARAMETERS[rule]:
        yield (
            f"rules.{rule}.{name}",
            Figure(
                value=getattr(getattr(rule_set.rules, rule), name),
                unit=UNIT_OF[name],
                status=status,  # type: ignore[arg-type]
                method=CHOSEN.format(gains=", ".join(f"{gain:.1f}" for gain in choice.gains)),
                source=source,
                n=choice.n,
                interval=[choice.low[name], choice.high[name]],
                reason=reason,
            ),
        )


def kept_figures(rule: str, rule_set: RuleSet, reason: str) -> Iterator[tuple[str, Figure]]:
    """Yield windows and histories of a rule that stay what they were."""
    for name in PARAMETERS[rule]:
        value = getattr(getattr(rule_set.rules, rule), name)
        yield f"rules.{rule}.{name}", assumed(value, UNIT_OF[name], reason)


def assumed(value: float, unit: str, reason: str) -> Figure:
    """Return a figure that nobody measured."""
    return Figure(value=value, unit=unit, status="assumed", method="chosen by us", source=CHOICE, reason=reason)


def score_figures(fit: RuleFit, *, status: str, source: str, reason: str) -> Iterator[tuple[str, Figure]]:
    """Yield prior and alert threshold."""
    n = int((fit.train & fit.usable).sum())
    value, low, high = fit.prior
    yield (
        "rules.prior_ulo",
        Figure(
            value=value,
            unit=ULO,
            status=status,  # type: ignore[arg-type]
            method=WEIGHT.format(ridge=fit.ridge),
            source=source,
            n=n,
            interval=[low, high],
            reason=reason,
        ),
    )
    threshold = fit.threshold
    if threshold is None:
        why = "no band carries weight, so nothing can be an alert"
        yield "rules.alert_threshold_ulo", assumed(fit.rule_set.alert_threshold_ulo, ULO, why)
        return
    yield (
        "rules.alert_threshold_ulo",
        Figure(
            value=threshold.ulo,
            unit=ULO,
            status=status,  # type: ignore[arg-type]
            method=(
                f"saves most within the budget, bound by {threshold.bound_by}: {threshold.alerts_per_1000:.2f} alerts "
                f"and {threshold.saved_minor_per_1000:.0f} minor units saved in 1,000 purchases"
            ),
            source=source,
            n=n,
            interval=[threshold.low, threshold.high],
            reason=reason,
        ),
    )


def locked_figures(locked: Locked | None, *, status: str, source: str, reason: str) -> Iterator[tuple[str, Figure]]:
    """Yield the share of customers whom high_value keeps flagging, where enough is known of any."""
    if locked is None or not locked.customers:
        return
    share = locked.share
    yield (
        "evaluation.locked_in_customers",
        Figure(
            value=locked.locked / locked.customers,
            unit="share of customers",
            status=status,  # type: ignore[arg-type]
            method=(
                f"customers of the training rows with {LAST} legitimate purchases: high_value alone makes an alert of "
                f"more than half of the last {LAST}; {locked.locked} customers; Wilson"
            ),
            source=source,
            n=locked.customers,
            interval=[share.low, share.high],
            reason=reason,
        ),
    )


def training_figure(fit: RuleFit, until_us: int, *, status: str, source: str, reason: str) -> tuple[str, Figure]:
    """Return where training ended: a backtest that judges on the same purchases looks at later ones only."""
    return (
        training_path(source),
        Figure(
            value=until_us,
            unit="microseconds since 1970-01-01T00:00:00Z",
            status=status,  # type: ignore[arg-type]
            method="event time before which train_share of the rows lie; no label counted that was not known by then",
            source=source,
            n=int((fit.train & fit.usable).sum()),
            interval=[until_us, until_us],
            reason=reason,
        ),
    )


def judgement_figures(judgement: Judgement, *, status: str, source: str, reason: str) -> Iterator[tuple[str, Figure]]:
    """Yield what the rule set is worth on later rows; figures without meaning are left out."""
    for name, one in judgement.figures.items():
        if math.isfinite(one.value) and math.isfinite(one.low):
            yield (
                f"evaluation.{name}",
                Figure(
                    value=one.value,
                    unit=UNITS.get(name, "share"),
                    status=status,  # type: ignore[arg-type]
                    method=f"rows after the training period, {judgement.frauds} frauds; bootstrap over customers",
                    source=source,
                    n=judgement.purchases,
                    interval=[one.low, one.high],
                    reason=reason,
                ),
            )


def rule_notes(fits: Mapping[str, Ladder], reasons: Mapping[str, str], locked: Locked | None) -> dict[str, str]:
    """Return a line a rule for the contract file: what its figures are, or why it has none; whom it keeps flagging."""
    notes = {}
    for rule in RULES:
        mine = {name: ladder for name, ladder in fits.items() if name.startswith(f"{rule}.")}
        statuses = sorted({ladder.status for ladder in mine.values() if ladder.status})
        told = [", ".join(statuses)] if statuses else []
        told += [f"{name.split('.')[1]}: {one.bands.note}" for name, one in mine.items() if one.bands.note]
        if reasons.get(rule):
            told.append(reasons[rule])
        if rule == "high_value" and locked is not None and locked.locked:
            told.append(locked.sentence())
        notes[rule] = "; ".join(told)
    return notes
