"""Who bought, from whom, with what, and which purchase it was: columns of names and numbers that are no quantities."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from streamflow.generator.readings import MAX_ID
from streamflow.generator.suggestion.names import FIELDS, name_score, words
from streamflow.generator.suggestion.profile import Profile
from streamflow.generator.suggestion.templates import fits_template

UNIQUE = 0.999
NAMED, WELL_NAMED = 0.45, 0.6
PROXY_WORDS = ("card", "addr")
_ID = re.compile(r"^[A-Za-z0-9_.:-]+$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_IP = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")


@dataclass(frozen=True)
class IdentityFit:
    """How to read a field that names something.

    Attributes:
        columns: Where it stands.
        spec: Of the mapping's field.
        score: How much speaks for it.
        why: In words.
        warnings: What to look at.
    """

    columns: tuple[str, ...]
    spec: dict[str, Any]
    score: float
    why: str
    warnings: tuple[str, ...] = ()


def identity(profile: Profile, score: float, why: str = "") -> IdentityFit:
    """Return a column as a field of ids: stripped, made into ids or into tokens where it must be."""
    spec: dict[str, Any] = {"column": profile.name}
    warnings = []
    if profile.quote:
        spec["strip"] = profile.quote
    if profile.none_words:
        spec["empty"] = list(profile.none_words)
    some = list(profile.counts)[:2000]
    is_number_of_card = profile.is_card_number() or (
        words(profile.name)[:1] in (("cc",), ("pan",)) and all(len(one) > 11 and one.isdigit() for one in some)
    )
    if is_number_of_card or any(map(_EMAIL.match, some[:50])) or any(map(_IP.match, some[:50])):
        spec["token"] = True
        what = "card numbers" if is_number_of_card else "addresses of persons"
        warnings.append(
            f"'{profile.name}' holds {what}: hashes stand in their place, which is no secrecy for real ones"
        )
    elif not all(_ID.match(one) and len(one) <= MAX_ID for one in some):
        spec["slug"] = True
    said = why or f"{profile.distinct:,} distinct in {len(profile.filled):,} rows, as {' '.join(profile.shapes(1))}"
    return IdentityFit((profile.name,), spec, score, said, tuple(warnings))


def customer(profiles: Mapping[str, Profile], taken: Collection[str]) -> IdentityFit | None:
    """Return who bought; None when no column says."""
    found = []
    for name, profile in profiles.items():
        named = name_score("customer_id", name)
        if name in taken or named < NAMED or profile.kind in ("number", "empty") or profile.empty_share > 0.5:
            continue
        if named < name_score("merchant_id", name) or _is_part_of_proxy(name):
            continue
        repeats = profile.distinct_share < 0.95
        # One value is suspicious, unless the name leaves no doubt: a file may be that of one customer.
        found.append((named + (0.1 if repeats else 0.0) - (0.4 if profile.distinct < 2 and named < 0.8 else 0.0), name))
    if found:
        score, name = max(found)
        fit = identity(profiles[name], score)
        return _with_warnings(fit, _customer_warnings(profiles[name]))
    return _proxy(profiles) or _unnamed_customer(profiles, taken)


def _customer_warnings(profile: Profile) -> tuple[str, ...]:
    if profile.distinct == 1:
        return (f"'{profile.name}' has one value in the whole sample: one customer",)
    if profile.distinct_share > 0.9 and len(profile.filled) > 200:
        own = f"{profile.distinct_share:.0%} of rows have a '{profile.name}' of their own"
        return (f"{own}: rules that compare with a customer's past will hardly say anything",)
    return ()


def _is_part_of_proxy(name: str) -> bool:
    mine = words(name)
    return len(mine) == 2 and mine[0] in PROXY_WORDS and mine[1].isdigit()


def _proxy(profiles: Mapping[str, Profile]) -> IdentityFit | None:
    """Return attributes of a card that together stand for a customer, as in IEEE-CIS."""
    parts = [name for name in profiles if _is_part_of_proxy(name) and profiles[name].empty_share < 1]
    if len(parts) < 3 or not all(map(fits_template, parts)):
        return None
    spec = {"template": "_".join(f"{{{name}}}" for name in parts), "slug": True}
    said = "the file names no customer; attributes of the card together stand for one"
    return IdentityFit(tuple(parts), spec, 0.4, said, (said,))


def _unnamed_customer(profiles: Mapping[str, Profile], taken: Collection[str]) -> IdentityFit | None:
    """Return the column that repeats as customers do, though its name says nothing."""
    found = []
    for name, profile in profiles.items():
        other = max(name_score(field, name) for field in FIELDS if field != "customer_id")
        repeats = 0.002 < profile.distinct_share < 0.7 and profile.distinct >= 20
        if name not in taken and other < WELL_NAMED and repeats and profile.empty_share < 0.05:
            wide = profile.kind == "text" or (profile.is_whole and (profile.range or (0, 0))[1] > 200)
            if wide:
                found.append((profile.distinct, name))
    if not found:
        return None
    name = max(found)[1]
    warning = f"'{name}' is taken for the customer only because its values repeat as customers do"
    return _with_warnings(identity(profiles[name], 0.3), (warning,))


def purchase(
    profiles: Mapping[str, Profile], taken: Collection[str], who: IdentityFit | None, stem: str
) -> tuple[IdentityFit, tuple[str, ...]]:
    """Return which purchase a row is, and what to look at: a column of its own, or the row's number."""
    customers = profiles[who.columns[0]].values if who and len(who.columns) == 1 else None
    repeated = []
    for named, name in sorted(((name_score("transaction_id", one), one) for one in profiles), reverse=True):
        profile = profiles[name]
        if name in taken or named < WELL_NAMED or profile.empty_share > 0.001 or profile.kind == "number":
            continue
        pairs = set(zip(profile.values, customers, strict=True)) if customers else set(profile.values)
        if len(pairs) >= UNIQUE * len(profile.values):
            return identity(profile, named + 0.3), ()
        repeated.append(name)
    for name, profile in profiles.items():
        free = name not in taken and profile.kind == "text" and not profile.empty_share
        unique = profile.distinct_share == 1 and len(profile.filled) > 50 and len(profile.filled[0]) >= 12
        named = max(name_score(field, name) for field in FIELDS if field != "transaction_id")
        if free and unique and named < WELL_NAMED:
            return identity(profile, 0.5), ()
    prefix = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem)[:30].strip("-") or "row"
    why = f"'{repeated[0]}' repeats, so that rows are numbered" if repeated else "no column is one: rows are numbered"
    warnings = (f"{why}; a file whose rows are moved gets other ids",)
    return IdentityFit((), {"row_number": f"{prefix}-"}, 1.0, why), warnings


def other(field: str, profiles: Mapping[str, Profile], taken: Collection[str], least: float) -> IdentityFit | None:
    """Return the column of a field that a purchase may lack; None when none is named so."""
    found = []
    for name, profile in profiles.items():
        named = name_score(field, name)
        if name in taken or named < least or profile.kind in ("number", "empty") or profile.distinct < 2:
            continue
        found.append((named, -profile.empty_share, name))
    if not found:
        return None
    named, _, name = max(found)
    return identity(profiles[name], named)


def card_of(card: IdentityFit, who: IdentityFit, profiles: Mapping[str, Profile]) -> IdentityFit:
    """Return a card that is only numbered within its customer, as card 0, 1, 2, together with the customer."""
    profile = profiles[card.columns[0]]
    customers = profiles[who.columns[0]] if len(who.columns) == 1 else None
    numbered = profile.is_whole and (profile.range or (0, 999))[1] < 100
    if customers is None or not numbered or not all(map(fits_template, (*who.columns, *card.columns))):
        return card
    spec: dict[str, Any] = {"template": f"{{{who.columns[0]}}}-card-{{{profile.name}}}"}
    if "token" in who.spec or "slug" in who.spec:
        spec |= {key: True for key in ("token", "slug") if key in who.spec}
    return IdentityFit((*who.columns, profile.name), spec, card.score, "cards are numbered within their customer")


def _with_warnings(fit: IdentityFit, warnings: tuple[str, ...]) -> IdentityFit:
    return IdentityFit(fit.columns, fit.spec, fit.score, fit.why, (*fit.warnings, *warnings))
