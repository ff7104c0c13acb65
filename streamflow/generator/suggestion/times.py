"""Which columns are times, and how they are written: ISO, strptime's formats, epochs, numbers from an origin, parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from streamflow.generator.readings import parse_time
from streamflow.generator.suggestion.names import name_score, words
from streamflow.generator.suggestion.profile import Profile, odd_ones
from streamflow.generator.suggestion.templates import fits_template

MOST_TRIED, FIRST_TRIED = 2_000, 40
YEARS = range(1970, 2101)
EPOCH_RANGES = {"epoch_s": (6e8, 4.2e9), "epoch_ms": (6e11, 4.2e12), "epoch_us": (6e14, 4.2e15)}
UNKNOWN_ORIGIN = "2020-01-01"

_DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y",
    "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%Y%m%d", "%Y-%m-%d",
)  # fmt: skip
_CLOCKS = (" %H:%M:%S", " %H:%M", "", " %I:%M:%S %p", " %I:%M %p", ", %H:%M", ", %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S")
_WHOLE = ("%Y%m%d%H%M%S", "%Y%m%d %H%M%S", "%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %I:%M:%S %p")
FORMATS = tuple(day + clock for day in _DAYS for clock in _CLOCKS) + _WHOLE
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?$")
_DAY_FIRST = re.compile(r"^%d([./-])%m")


@dataclass(frozen=True)
class TimeFit:
    """How to read a time.

    Attributes:
        columns: Where it stands.
        spec: Of the mapping's field: column or template, with format, or origin and unit.
        score: How much speaks for it.
        why: In words.
        has_zone: Whether its texts name their zone, or count from an epoch.
        has_clock: Whether it tells hours.
        warnings: What to look at.
    """

    columns: tuple[str, ...]
    spec: dict[str, Any]
    score: float
    why: str
    has_zone: bool = False
    has_clock: bool = True
    warnings: tuple[str, ...] = ()
    is_relative: bool = field(default=False)


def time_fit(profile: Profile, *, day_first: bool, head: int) -> TimeFit | None:
    """Return how to read a column as times that stand for themselves; None when it holds none.

    Args:
        profile: The column.
        day_first: Whether days come before months where both would do, as in files with decimal commas.
        head: How many of the first rows follow each other without a gap.
    """
    texts = profile.filled[:MOST_TRIED]
    if not texts:
        return None
    named = name_score("event_timestamp", profile.name)
    numbers = profile.numbers
    if numbers is not None and not _is_compact(texts):
        return _epoch_fit(profile, named)
    if _reads(texts, "iso"):
        zoned = bool((first := parse_time(texts[0], "iso")) and first.tzinfo)
        clock = any(len(text) > len("2024-01-31") for text in texts)
        why = "ISO times" + (" with their zone" if zoned else "") if clock else "ISO days without an hour"
        spec: dict[str, Any] = {"column": profile.name, "format": "iso"}
        return TimeFit((profile.name,), spec, _score(named, clock, 0.1), why, zoned, clock)
    fitting = [form for form in FORMATS if _reads(texts[:FIRST_TRIED], form) and _reads(texts, form)]
    if not fitting:
        return None
    form, warnings = _chosen(fitting, profile.values[:head], day_first=day_first)
    clock = "%H" in form or "%I" in form
    why = f"times as {form}" if clock else f"days as {form}, without an hour"
    spec = {"column": profile.name, "format": form}
    return TimeFit((profile.name,), spec, _score(named, clock, 0.1), why, "%z" in form, clock, warnings)


def _score(named: float, clock: bool, plain: float) -> float:
    return named + 0.4 + (0.4 if clock else 0.0) + plain


def _is_compact(texts: list[str]) -> bool:
    return len(texts[0]) in (8, 14) and (_reads(texts, "%Y%m%d") or _reads(texts, "%Y%m%d%H%M%S"))


def _epoch_fit(profile: Profile, named: float) -> TimeFit | None:
    low, high = profile.range or (0.0, 0.0)
    for form, (least, most) in EPOCH_RANGES.items():
        if least <= low and high < most and (named > 0 or profile.distinct_share < 1 or high - low < 0.1 * low):
            moment = datetime.fromtimestamp(low / {"epoch_s": 1, "epoch_ms": 1e3, "epoch_us": 1e6}[form])  # noqa: DTZ006
            spec = {"column": profile.name, "format": form}
            why = f"{form.replace('_', ' in ')}, from {moment.year} on"
            return TimeFit((profile.name,), spec, named + (0.6 if named else 0.1), why, has_zone=True)
    return None


def _reads(texts: list[str], form: str) -> bool:
    """Return whether nearly all texts are times of a format, in years that purchases have."""
    allowed = odd_ones(len(texts))
    failed = 0
    for text in texts:
        found = parse_time(text, form)
        if found is None or found.year not in YEARS or (form == "iso" and text.isdigit()):
            failed += 1
            if failed > allowed:
                return False
    return True


def _chosen(fitting: list[str], texts: list[str], *, day_first: bool) -> tuple[str, tuple[str, ...]]:
    """Return one of the formats that fit; between day and month first the order of the file decides."""
    days_first = {_DAY_FIRST.sub(r"%m\1%d", form): form for form in fitting if _DAY_FIRST.match(form)}
    month = next((form for form in fitting if form in days_first), None)
    if month is None or fitting[0] not in (month, days_first[month]):
        return fitting[0], ()
    day = days_first[month]
    back = {form: _backwards(texts, form) for form in (month, day)}
    if back[month] != back[day]:
        best = min(back, key=lambda form: back[form])
        other = day if best == month else month
        if back[best] * 4 < back[other]:
            return best, (f"days and months could be exchanged; as {best} the rows are in order of time",)
    chosen = day if day_first else month
    return chosen, (f"every time would fit {month} as well as {day}: {chosen} is a guess, look at it",)


def _backwards(texts: Iterable[str], form: str) -> int:
    moments = [moment for text in texts if (moment := parse_time(text, form)) is not None]
    return sum(later < earlier for earlier, later in pairwise(moments))


def split_fit(profiles: Mapping[str, Profile], fits: Mapping[str, TimeFit]) -> TimeFit | None:
    """Return a time that stands in several columns: year, month, day and a clock, or a day and a clock."""
    clocks = [one for one in profiles.values() if one.filled and all(map(_CLOCK.match, one.filled[:MOST_TRIED]))]
    hours = [one for one in profiles.values() if words(one.name) in (("hour",), ("stunde",), ("hora",))]
    clock, clock_form = None, ""
    if clocks:
        clock, clock_form = clocks[0], "%H:%M:%S" if clocks[0].filled[0].count(":") == 2 else "%H:%M"
    elif hours and hours[0].is_whole and (hours[0].range or (0, 99))[1] <= 23:
        clock, clock_form = hours[0], "%H"
    named = {part: one for part in ("year", "month", "day") for one in profiles.values() if words(one.name) == (part,)}
    if len(named) == 3 and all(one.is_whole for one in named.values()):
        columns = tuple(named[part].name for part in ("year", "month", "day"))
        template, form = "-".join(f"{{{column}}}" for column in columns), "%Y-%m-%d"
    else:
        days = [fit for fit in fits.values() if not fit.has_clock and fit.spec.get("format") and clock is not None]
        if not days:
            return None
        best = max(days, key=lambda fit: fit.score)
        columns, form = best.columns, best.spec["format"]
        template, form = f"{{{columns[0]}}}", "%Y-%m-%d" if form == "iso" else form
    if clock is not None:
        columns, template, form = (*columns, clock.name), f"{template} {{{clock.name}}}", f"{form} {clock_form}"
    if not all(map(fits_template, columns)):
        return None
    spec = {"template": template, "format": form}
    why = f"the time stands in {len(columns)} columns"
    return TimeFit(columns, spec, 1.5, why, has_clock=clock is not None)


UNIT_WORDS = {
    "second": "s", "seconds": "s", "sec": "s", "dt": "s", "time": "s", "ms": "ms", "millis": "ms", "minutes": "min",
    "minute": "min", "hours": "h", "hour": "h", "step": "h", "days": "d", "day": "d",
}  # fmt: skip


def relative_fit(profile: Profile, layout: tuple[str, str] | None) -> TimeFit | None:
    """Return how to read a column of numbers that count from an unknown beginning; None when its name does not say so.

    Args:
        profile: The column.
        layout: Origin and unit, where a known layout says them.
    """
    named = name_score("event_timestamp", profile.name)
    low, high = profile.range or (-1.0, -1.0)
    if named == 0 or low < 0 or high <= low or profile.numbers is None:
        return None
    mine = words(profile.name)
    unit = next((UNIT_WORDS[word] for word in reversed(mine) if word in UNIT_WORDS), "s")
    if unit == "h" and high > 24 * 3660:
        unit = "s"
    origin = UNKNOWN_ORIGIN
    says = f"numbers from {low:g} to {high:g}"
    if layout is not None:
        origin, unit = layout
    warnings = [f"'{profile.name}' counts from a beginning that the file does not name: {origin} is assumed"]
    if layout is None:
        warnings.append(f"the unit of '{profile.name}' is taken for '{unit}' by its name: look at it")
    if unit in ("h", "d"):
        warnings.append("purchases within one such step have the same time: velocity cannot tell them apart")
    spec = {"column": profile.name, "origin": origin, "unit": unit}
    why, clock = f"{says}, no dates", unit != "d"
    return TimeFit((profile.name,), spec, named, why, has_clock=clock, warnings=tuple(warnings), is_relative=True)
