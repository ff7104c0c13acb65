"""What a mapping makes of a file, in sentences that a person can act on."""

from __future__ import annotations

from streamflow.generator.mapping_check import Labels, MappingCheck, Seen, Times
from streamflow.generator.places_check import PlacesSeen

MOSTLY_MIDNIGHT = 0.9


def sentences(check: MappingCheck) -> list[str]:
    """Return everything odd about a file under its mapping, each with the line of its first case."""
    found = [
        f"{_rows(one.rows)} set aside as {one.reason}: {_plain(one.detail)}first in {check.unit} {one.first:,}."
        for one in check.set_aside
    ]
    if not check.purchases:
        found.insert(0, f"No row of {check.file} is a purchase under this mapping.")
    found += _of_amounts(check)
    found += _of_times(check.times, check.unit)
    found += _of_places(check.places, check.unit)
    if check.labels is not None and check.purchases:
        found += _of_labels(check.labels)
    if check.customers.distinct and check.customers.once > 0.9 * check.customers.distinct and check.purchases > 100:
        share = check.customers.once / check.customers.distinct
        found.append(f"{share:.0%} of customers have one purchase: rules that compare with the past say little.")
    if check.ragged is not None:
        found.append(f"{_many(check.ragged, check.unit)} with more or fewer cells than the file has columns.")
    if check.repeated is not None:
        found.append(
            f"{_many(check.repeated, check.unit)} with the id of an earlier purchase of the same customer: the first "
            "one counts."
        )
    return found


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _many(seen: Seen, unit: str) -> str:
    return f"{_rows(seen.rows)} (first in {unit} {seen.first:,})"


def _plain(detail: str) -> str:
    return f"{detail[0].lower()}{detail[1:].rstrip('.')}; " if detail else ""


def _of_amounts(check: MappingCheck) -> list[str]:
    found = []
    if check.negative is not None:
        found.append(f"{_many(check.negative, check.unit)} with an amount below zero, as refunds: no purchases.")
    if check.zero is not None:
        found.append(f"{_many(check.zero, check.unit)} with an amount of zero: no purchases.")
    if check.rounded is not None:
        found.append(f"{_many(check.rounded, check.unit)} with an amount with more digits than the currency: rounded.")
    if len(check.currencies) > 1:
        told = ", ".join(f"{rows:,} {code}" for code, rows in list(check.currencies.items())[:5])
        found.append(f"Currencies are mixed ({told}): only the base currency counts.")
    return found


def _of_times(times: Times, unit: str) -> list[str]:
    found = []
    if times.without_zone:
        found.append(f"{_rows(times.without_zone)} with times without a zone: set 'timezone' in the mapping.")
    if times.backwards is not None:
        found.append(
            f"Time goes backwards in {_many(times.backwards, unit)}, by up to {_span(times.furthest_back_s)}: "
            "purchases are taken by their time."
        )
    if times.midnight_share > MOSTLY_MIDNIGHT:
        found.append(f"{times.midnight_share:.0%} of purchases are at midnight: the file has days without hours.")
    return found


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{seconds:,.0f} seconds"


def _of_places(places: PlacesSeen, unit: str) -> list[str]:
    found = []
    if places.columns_swapped:
        found.append("Latitude and longitude look swapped: exchange the two columns in the mapping.")
    if places.out_of_range:
        first = f"first in {unit} {places.out_of_range_first:,}"
        swapped = f"; {places.fits_swapped:,} of them fit when swapped" if places.fits_swapped else ""
        found.append(f"{_rows(places.out_of_range)} with coordinates beyond 90 or 180 degrees ({first}){swapped}.")
    if places.swapped and not places.columns_swapped:
        found.append(
            f"{_rows(places.swapped)} (first in {unit} {places.swapped_first:,}) among the others only when "
            "latitude and longitude are exchanged: probably swapped."
        )
    if places.at_zero:
        found.append(f"{_rows(places.at_zero)} at 0, 0, which mostly means that nobody knew: name it in 'empty'.")
    if places.half:
        found.append(f"{_rows(places.half)} with only one coordinate: counted as without a place.")
    return found


def _of_labels(labels: Labels) -> list[str]:
    found = []
    if labels.third:
        told = ", ".join(f"'{value}' {rows:,}" for value, rows in list(labels.third.items())[:5])
        found.append(f"The label has values that are neither positive nor negative ({told}).")
    if not labels.fraud:
        found.append("No purchase is fraud: look at the positive values of the label.")
    if labels.with_moment:
        rest = labels.fraud - labels.with_moment
        found.append(
            f"The file says when {labels.with_moment:,} frauds became known, half within {labels.days_p50:g} days and "
            f"19 of 20 within {labels.days_p95:g}; {rest:,} take the delay of the mapping."
        )
    if labels.moment_unread:
        found.append(f"Of {labels.moment_unread:,} frauds the moment of the label cannot be read: they take the delay.")
    if labels.moment_before_purchase:
        found.append(
            f"By the file {labels.moment_before_purchase:,} frauds were known before they happened: known at once."
        )
    return found
