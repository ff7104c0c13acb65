"""What changed between two rule sets, by what it does to decisions (ADR 0010).

patch: only evidence, no decision can differ. minor: weights, bands, threshold, prior, windows, histories; the same
purchases are decided otherwise. major: digits and units; what decisions carry means something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from streamflow.contracts.diff import Change, moved
from streamflow.contracts.rule_sets import RULES, Band, Measure, RuleSet

READERS = "the same purchases are decided otherwise; a replay with the old version still gives the old decisions"
STATE = "the measure means something else, so old and new strengths must not be compared"
EVIDENCE = "no decision changes"
MORE, FEWER = "more purchases fire", "fewer purchases fire"


def compare_rule_sets(old: RuleSet, new: RuleSet, readers: tuple[str, ...] = ()) -> list[Change]:
    """Return what changed between two rule sets.

    Args:
        old: The version that is known.
        new: The other one.
        readers: Who runs rule sets, by the contract of their topic.

    Returns:
        The changes in the order of the file.
    """
    changes = list(_whole(old, new, readers))
    for rule in RULES:
        one, other = getattr(old.rules, rule), getattr(new.rules, rule)
        for field in one.__struct_fields__:
            if field != "measures" and getattr(one, field) != getattr(other, field):
                what = f"{rule}.{field}: {moved(getattr(one, field), getattr(other, field))}"
                changes.append(Change("window", f"{rule}.{field}", what, "minor", "", READERS))
    for (rule, name, one), (_, _, other) in zip(old.measures(), new.measures(), strict=True):
        changes += _measure(f"{rule}.{name}", one, other, readers)
    return changes


def _whole(old: RuleSet, new: RuleSet, readers: tuple[str, ...]) -> Iterator[Change]:
    if old.prior_ulo != new.prior_ulo:
        effect = "every score is higher, more alerts" if new.prior_ulo > old.prior_ulo else "every score is lower"
        what = f"prior: {_weight(old.prior_ulo)} -> {_weight(new.prior_ulo)}; {effect}"
        yield Change("weight", "prior_ulo", what, "minor", "", READERS)
    if old.alert_threshold_ulo != new.alert_threshold_ulo:
        effect = "fewer alerts" if new.alert_threshold_ulo > old.alert_threshold_ulo else "more alerts"
        what = f"alert threshold: {_weight(old.alert_threshold_ulo)} -> {_weight(new.alert_threshold_ulo)}; {effect}"
        yield Change("threshold", "alert_threshold_ulo", what, "minor", "", READERS)
    if old.score_digits != new.score_digits:
        what = f"score_digits: {moved(old.score_digits, new.score_digits)}"
        yield Change("state", "score_digits", what, "major", "", "scores are written with other digits", readers)
    for field in ("calibration", "score_calibrated", "prior_status", "alert_threshold_status", "status"):
        if getattr(old, field) != getattr(new, field):
            what = f"{field}: {moved(getattr(old, field), getattr(new, field))}"
            yield Change("evidence", field, what, "patch", "", EVIDENCE)


def _weight(ulo: int) -> str:
    """Write micro log-odds as log-odds."""
    return f"{ulo / 1_000_000:g}"


def _measure(place: str, old: Measure, new: Measure, readers: tuple[str, ...]) -> Iterator[Change]:
    for field in ("unit", "digits"):
        if getattr(old, field) != getattr(new, field):
            what = f"{place}.{field}: {moved(getattr(old, field), getattr(new, field))}"
            yield Change("state", f"{place}.{field}", what, "major", "", STATE, readers)
    pairs = _pairs(old, new)
    for one, other in pairs:
        yield from _band(place, one, other, is_first=one is old.bands[0] and other is new.bands[0])
    kept_old, kept_new = {one.id for one, _ in pairs}, {other.id for _, other in pairs}
    gone = [band for band in old.bands if band.id not in kept_old]
    fresh = [band for band in new.bands if band.id not in kept_new]
    if not gone and not fresh:
        return
    lowest, lowest_before = _bottom(new), _bottom(old)
    effect = "its purchases weigh otherwise"
    if lowest != lowest_before:
        effect = MORE if lowest < lowest_before else FEWER
    if gone and fresh:
        what = f"{place}: bands {_bands(gone)} -> {_bands(fresh)}; {effect}"
        yield Change("band", place, what, "minor", "", READERS)
        return
    word, bands = ("added", fresh) if fresh else ("removed", gone)
    what = f"{place}: band {word}, {_bands(bands)}; {effect}"
    yield Change("band", place, what, "minor", "", READERS)


def _bands(bands: list[Band]) -> str:
    """Write bands as where they begin and what they weigh."""
    return ", ".join(f"from {band.at_least:g} ({_weight(band.weight_ulo)})" for band in bands)


def _bottom(measure: Measure) -> float:
    return measure.bands[0].at_least if measure.bands else float("inf")


def _pairs(old: Measure, new: Measure) -> list[tuple[Band, Band]]:
    """Pair bands by their id, and what is left by where they begin: a band may have another name."""
    by_id = {band.id: band for band in new.bands}
    pairs = [(band, by_id[band.id]) for band in old.bands if band.id in by_id]
    named = {band.id for band, _ in pairs}
    begins = {band.at_least: band for band in new.bands if band.id not in named}
    pairs += [(b, begins[b.at_least]) for b in old.bands if b.id not in named and b.at_least in begins]
    return pairs


def _band(place: str, old: Band, new: Band, *, is_first: bool) -> Iterator[Change]:
    here = f"{place} {old.id}"
    at = f"{place}.{old.id}"
    if old.id != new.id:
        what = f"{here}: renamed to {new.id}; alerts name it so"
        yield Change("renamed", at, what, "minor", "", "alerts name the band otherwise")
    if old.at_least != new.at_least:
        if is_first:
            effect = MORE if new.at_least < old.at_least else FEWER
        else:
            effect = f"{'more' if new.at_least < old.at_least else 'fewer'} purchases reach this band"
        what = f"{here}: at_least {moved(old.at_least, new.at_least)}; {effect}"
        yield Change("band", at, what, "minor", "", READERS)
    if old.weight_ulo != new.weight_ulo:
        effect = "it adds more to the score" if new.weight_ulo > old.weight_ulo else "it adds less to the score"
        what = f"{here}: weight {_weight(old.weight_ulo)} -> {_weight(new.weight_ulo)}; {effect}"
        yield Change("weight", at, what, "minor", "", READERS)
    fields = [field for field in ("status", "n", "interval") if getattr(old, field) != getattr(new, field)]
    if fields:
        steps = ", ".join(f"{field} {moved(getattr(old, field), getattr(new, field))}" for field in fields)
        yield Change("evidence", at, f"{here}: {steps}", "patch", "", EVIDENCE)
