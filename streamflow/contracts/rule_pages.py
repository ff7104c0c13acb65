"""The tables of figures in docs/rules: each parameter of a rule, with its unit, in the first rule set and the newest.

The pages are written by hand; what stands between the two marks of a page is made from contracts/fraud_rules, by
`streamflow contracts build`, and held by its `--check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamflow.contracts.rule_sets import (
    RULES,
    Horizons,
    Measure,
    Part,
    RuleSet,
    load_horizons,
    load_rule_set,
    rule_set_versions,
)
from streamflow.errors import InputError

FOLDER = "docs/rules"
BEGIN = "<!-- figures: made by `streamflow contracts build` -->"
END = "<!-- end of figures -->"
SCORECARD = "README"
"""The page of what belongs to no single rule."""

_UNITS = {
    "min_history": "purchases",
    "digits": "decimal digits",
    "score_digits": "decimal digits",
    "score_calibrated": "yes or no",
    "max_pending": "purchases",
    "prior_ulo": "micro log-odds",
    "alert_threshold_ulo": "micro log-odds",
}
_SCORES = ("prior_ulo", "alert_threshold_ulo", "score_digits", "score_calibrated")


def _unit(name: str) -> str:
    """Return a parameter's unit: by its name, or by the unit that its name ends in."""
    known = _UNITS.get(name)
    if known is None:
        known = {"s": "s", "min": "min"}.get(name.rpartition("_")[2])
    if known is None:
        raise InputError(f"The parameter '{name}' has no unit in {FOLDER}; name it with one, as 'window_s'.")
    return known


def parameters(rule_set: RuleSet, rule: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, unit and value of each parameter of a rule, as text.

    Args:
        rule_set: Where the values stand.
        rule: Name of a rule.

    Raises:
        InputError: A parameter has no unit.
    """
    part = getattr(rule_set.rules, rule)
    for name in _fields(part):
        if name != "measures":
            yield name, _unit(name), _plain(getattr(part, name))
    for name in _fields(part.measures):
        measure: Measure = getattr(part.measures, name)
        yield f"measures.{name}.digits", _unit("digits"), str(measure.digits)
        yield f"measures.{name}.bands", f"{measure.unit}: log-odds", _bands(measure)


def _fields(part: Part) -> tuple[str, ...]:
    return part.__struct_fields__


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.12g}" if isinstance(value, float) else f"{value:,}"


def _bands(measure: Measure) -> str:
    """Write each band as its bound and its weight in log-odds."""
    if not measure.bands:
        return "none"
    told = [f"{band.at_least:,.12g}: {band.weight_ulo / 1e6:.3f}" for band in measure.bands]
    statuses = dict.fromkeys(band.status for band in measure.bands)
    return f"{', '.join(told)} ({', '.join(statuses)})"


def table(page: str, root: Path | None = None) -> str:
    """Return the figures of a page.

    Args:
        page: Name of a rule, or `README` for the scorecard and the horizons.
        root: The contracts folder; that of the checkout when not given.

    Returns:
        A Markdown table, without the marks around it.
    """
    versions = rule_set_versions(root)
    shown = [load_rule_set(version, root) for version in dict.fromkeys((versions[0], versions[-1]))]
    if page == SCORECARD:
        rows = [[f"`{name}`", _unit(name), *(_plain(getattr(one, name)) for one in shown)] for name in _SCORES]
        return "\n\n".join([_markdown([one.version for one in shown], rows), _horizons(load_horizons(root))])
    columns = [list(parameters(one, page)) for one in shown]
    rows = [[f"`{same[0][0]}`", same[0][1], *(value for _, _, value in same)] for same in zip(*columns, strict=True)]
    return _markdown([one.version for one in shown], rows)


def _horizons(horizons: Horizons) -> str:
    rows = [[f"`{name}`", _unit(name), _plain(getattr(horizons, name))] for name in _fields(horizons)]
    return _markdown(["every rule set"], rows)


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    head = ["parameter", "unit", *columns]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def with_table(text: str, page: str, root: Path | None = None) -> str:
    """Return a page's text with its figures made anew.

    Raises:
        InputError: The text has no place for them.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{FOLDER}/{page}.md has no place for its figures; put '{BEGIN}' and '{END}' into it.")
    return f"{before}{BEGIN}\n\n{table(page, root)}\n\n{END}{after}"


def mend(root: Path, *, check_only: bool = False) -> list[str]:
    """Write the figures of each page that differ; return the pages, from the root of the checkout.

    Args:
        root: The checkout. One without pages, as that of an installed package, has nothing to mend.
        check_only: Write nothing.
    """
    changed = []
    for page in (SCORECARD, *RULES):
        path = root / FOLDER / f"{page}.md"
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            wanted = with_table(text, page, root / "contracts")
            if wanted != text:
                changed.append(f"{FOLDER}/{page}.md")
                if not check_only:
                    path.write_text(wanted, encoding="utf-8")
    return changed
