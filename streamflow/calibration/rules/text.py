"""A rule set as the text of its contract file: the same bytes for the same rule set."""

from __future__ import annotations

from collections.abc import Mapping

from streamflow.contracts.rule_sets import RULES, Band, Measure, RuleSet

UNITS = """\
# Weights are micro log-odds (ulo). score = logistic((prior_ulo + sum of the lines' weights) / 1e6), rounded to
# score_digits. A measure is rounded to its digits before it is compared; a band reaches from its at_least up to the
# next band's. Intervals are 95 %, by drawing customers anew; the evidence of each figure stands in the calibration."""

ABOUT = {
    "high_value": "The amount against the customer's own running mean, and against legitimate amounts as such.",
    "velocity": "Purchases of the customer in (t - window_s, t], this one included.",
    "geographic": "Great-circle distance and speed to the customer's purchases within the window.",
    "time_anomaly": "Local hour against the circular mean of the customer's hours, in their circular deviations.",
    "blacklist": "Entries that list the merchant at event time, and the smoothed share of fraud that they state.",
}


def rule_set_text(rule_set: RuleSet, head: str, notes: Mapping[str, str]) -> str:
    """Write a rule set.

    Args:
        rule_set: What to write.
        head: What it is, one line of comment without its sign.
        notes: By rule, what a reader should know about it, a line of comment each; nothing where it is empty.

    Returns:
        YAML that `load_rule_set` reads back as the same rule set.
    """
    calibration = "null" if rule_set.calibration is None else rule_set.calibration
    lines = [
        f"# Rule set {rule_set.version}: {head}",
        "#",
        UNITS,
        f"version: {rule_set.version}",
        f"status: {rule_set.status}",
        f"calibration: {calibration}",
        f"prior_ulo: {rule_set.prior_ulo}",
        f"prior_status: {rule_set.prior_status}",
        f"alert_threshold_ulo: {rule_set.alert_threshold_ulo}",
        f"alert_threshold_status: {rule_set.alert_threshold_status}",
        f"score_digits: {rule_set.score_digits}",
        f"score_calibrated: {str(rule_set.score_calibrated).lower()}",
        "rules:",
    ]
    for rule in RULES:
        stated = getattr(rule_set.rules, rule)
        lines.append(f"  # {ABOUT[rule]}")
        if notes.get(rule):
            lines.append(f"  # {notes[rule]}")
        lines.append(f"  {rule}:")
        lines += [
            f"    {name}: {_number(getattr(stated, name))}" for name in stated.__struct_fields__ if name != "measures"
        ]
        lines.append("    measures:")
        for measure in stated.measures.__struct_fields__:
            lines += _measure(measure, getattr(stated.measures, measure))
    return "\n".join(lines) + "\n"


def _measure(name: str, measure: Measure) -> list[str]:
    lines = [f"      {name}:", f"        unit: {measure.unit}", f"        digits: {measure.digits}"]
    if not measure.bands:
        return [*lines, "        bands: []"]
    return [*lines, "        bands:", *(f"          - {_band(band)}" for band in measure.bands)]


def _band(band: Band) -> str:
    interval = "null" if band.interval is None else f"[{band.interval[0]}, {band.interval[1]}]"
    n = "null" if band.n is None else band.n
    return (
        f"{{id: {band.id}, at_least: {_number(band.at_least)}, weight_ulo: {band.weight_ulo}, n: {n}, "
        f"interval: {interval}, status: {band.status}}}"
    )


def _number(value: float) -> str:
    """Write a number as YAML 1.2 reads it back: whole ones as integers, the others without an exponent."""
    if value == int(value):
        return str(int(value))
    return f"{value:.9f}".rstrip("0")
