"""What changed between two versions of a dataset: its columns and their checks; the rest is in `diff_promises`.

The comparison walks the engine-neutral checks, so that whatever is checked is compared, also a kind that is new here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamflow.contracts.checks import Check
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.diff import Change, moved, told
from streamflow.contracts.diff_promises import compare_promises
from streamflow.contracts.diff_sides import Direction, Sides

Step = tuple[Direction, str]

# From the public to the personal: whoever handles a value must be at least as careful as it says.
CARE = ("public", "internal", "personal")
WIDTHS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64}
SIMILAR = 0.6


def compare_datasets(old: Dataset, new: Dataset) -> list[Change]:
    """Return what changed between two versions of one dataset.

    Args:
        old: The version that is known.
        new: The other one.

    Returns:
        The changes, columns first.
    """
    sides = Sides.of(old)
    before = {column.path: column for top in old.columns for column in top.walk()}
    after = {column.path: column for top in new.columns for column in top.walk()}
    renamed = _renamed(before, after)
    changes: list[Change] = []
    for path, column in before.items():
        other = renamed.get(path, path)
        if other in after:
            changes += _column(sides, column, after[other])
        elif _parent(path) in after or not _parent(path):
            changes.append(_removed(sides, column))
    taken = set(renamed.values())
    for path, column in after.items():
        if path not in before and path not in taken and (_parent(path) in before or not _parent(path)):
            changes.append(_added(sides, column))
    changes += _order(old, new)
    return changes + compare_promises(sides, old, new)


def _parent(path: str) -> str:
    """Return the path of what a column lies in, empty at the top: `lines[].rule` lies in `lines[]`, that in `lines`."""
    if path.endswith("[]"):
        return path[:-2]
    return path.rpartition(".")[0]


def _renamed(before: Mapping[str, Column], after: Mapping[str, Column]) -> dict[str, str]:
    """Guess which column that is gone is which that is new: same place, same type, like name or same description."""
    gone = [column for path, column in before.items() if path not in after and not path.endswith("[]")]
    fresh = [column for path, column in after.items() if path not in before and not path.endswith("[]")]
    guesses = sorted(
        ((_likeness(one, other), one.path, other.path) for one in gone for other in fresh),
        key=lambda guess: (-guess[0], guess[1:]),
    )
    found: dict[str, str] = {}
    for likeness, one, other in guesses:
        if likeness >= SIMILAR and one not in found and other not in found.values():
            found[one] = other
    return found


def _likeness(one: Column, other: Column) -> float:
    if _parent(one.path) != _parent(other.path):
        return 0.0
    if (one.logical_type, one.physical_type) != (other.logical_type, other.physical_type):
        return 0.0
    same = one.description == other.description
    return 1.0 if same else difflib.SequenceMatcher(None, one.name, other.name).ratio()


def _removed(sides: Sides, column: Column) -> Change:
    return sides.readers_break(
        "removed", column.path, f"{column.path}: column removed", f"{column.path} is no longer there to read"
    )


def _added(sides: Sides, column: Column) -> Change:
    what = f"{column.path}: {'needed' if column.required else 'optional'} column added ({column.physical_type})"
    if column.required:
        producers = f"{sides.noun}s without {column.path} are rejected"
        return Change("added", column.path, what, "major", producers, "", sides.producers)
    return Change("added", column.path, what, "minor", f"may fill {column.path}", f"may read {column.path}")


def _order(old: Dataset, new: Dataset) -> list[Change]:
    names = {column.name for column in old.columns} & {column.name for column in new.columns}
    before = [column.name for column in old.columns if column.name in names]
    if before == [column.name for column in new.columns if column.name in names]:
        return []
    seen = "a record with two faults may be rejected for the other one" if old.topic else "columns stand in other order"
    return [Change("reordered", "", "columns stand in another order", "minor", seen, seen)]


def _column(sides: Sides, old: Column, new: Column) -> Iterator[Change]:
    path = new.path
    if old.path != path:
        yield sides.all_break(
            "renamed",
            old.path,
            f"{old.path}: renamed to {path}, as it seems",
            f"must write {path} in place of {old.path}",
            f"must read {path} in place of {old.path}",
        )
    yield from _checks(sides, old, new)
    if old.primary_key_position != new.primary_key_position:
        what = f"{path}: place in the primary key {moved(_place(old), _place(new))}"
        yield sides.all_break(
            "key", path, what, f"{sides.noun}s are told apart by another key", f"{sides.noun}s are told apart anew"
        )
    yield from _reference(sides, path, old.extensions.contract, new.extensions.contract)
    yield from _classification(path, old, new, sides)
    yield from _unit(path, old, new, sides)
    if old.description != new.description:
        yield Change("description", path, f"{path}: description reworded", "patch")


def _place(column: Column) -> int | None:
    return column.primary_key_position if column.primary_key_position > 0 else None


def _classification(path: str, old: Column, new: Column, sides: Sides) -> Iterator[Change]:
    if old.classification == new.classification:
        return
    what = f"{path}: classification {moved(old.classification, new.classification)}"
    if CARE.index(new.classification) > CARE.index(old.classification):
        yield Change("classification", path, what, "minor", "", f"{path} is to be handled with more care from now on")
        return
    seen = f"{path} may be seen where it was masked, so whose data it is must have agreed"
    yield sides.readers_break("classification", path, what, seen)


def _unit(path: str, old: Column, new: Column, sides: Sides) -> Iterator[Change]:
    if old.unit == new.unit:
        return
    what = f"{path}: unit {moved(old.unit, new.unit)}"
    if old.unit is None or new.unit is None:
        stated = "stated" if old.unit is None else "no longer stated"
        yield Change("unit", path, what, "minor", f"the unit is {stated}", f"the unit is {stated}")
        return
    yield sides.all_break(
        "unit", path, what, f"must write {new.unit} in place of {old.unit}", "the same number means something else"
    )


def _reference(sides: Sides, path: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old == new:
        return
    what = f"{path}: the contract inside {moved(old, new)}"
    direction: Direction = "tightened" if old is None else "loosened" if new is None else "both"
    yield sides.breaking(direction, path, what, kind="changed")


def _checks(sides: Sides, old: Column, new: Column) -> Iterator[Change]:
    before = {str(check.kind): check for check in old.checks}
    after = {str(check.kind): check for check in new.checks}
    for kind in dict.fromkeys([*before, *after]):
        # A time's form follows from its type.
        if kind == "format":
            continue
        for direction, what in _steps(kind, before.get(kind), after.get(kind)):
            yield sides.breaking(direction, new.path, f"{new.path}: {what}", kind="type" if kind == "type" else None)


def _steps(kind: str, old: Check | None, new: Check | None) -> Iterator[Step]:
    if old is not None and new is not None:
        args, others = old.args, new.args
        if dict(args) != dict(others):
            yield from _STEPS.get(kind, _unknown(kind))(args, others)
    elif new is not None:
        yield "tightened", _introduced(kind, new.args)
    elif old is not None:
        yield "loosened", "no longer " + _introduced(kind, old.args).removeprefix("now ")


def _introduced(kind: str, args: Mapping[str, Any]) -> str:
    words: dict[str, Callable[[], str]] = {
        "required": lambda: "now needed",
        "required_when": lambda: f"now needed where {args['field']} is {args['equals']}",
        "enum": lambda: f"now one of {told(list(args['values']))}",
        "pattern": lambda: f"now of the pattern {args['pattern']}",
        "unique": lambda: "now unique",
        "equals_setting": lambda: f"now equal to the setting {args['setting']}",
        "contract": lambda: f"now judged by the contract of its {args['field']}",
        "range": lambda: f"now {_ends('', args)}",
        "length": lambda: f"now {_ends(' characters', args)}",
        "items": lambda: f"now {_ends(' items', args)}",
    }
    return words[kind]() if kind in words else f"now checked for {kind} {told(dict(args))}"


def _ends(noun: str, args: Mapping[str, Any]) -> str:
    low, high = args["minimum"], args["maximum"]
    parts = [f"at least {low}{noun}"] * (low is not None) + [f"at most {high}{noun}"] * (high is not None)
    return " and ".join(parts)


def _unknown(kind: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Step]]:
    def steps(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
        yield "both", f"{kind} {moved(dict(old), dict(new))}"

    return steps


def _bounds(noun: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Step]]:
    def steps(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
        for end, words, sign in (("minimum", "at least", 1), ("maximum", "at most", -1)):
            one, other = old[end], new[end]
            if one == other:
                continue
            tighter = one is None or (other is not None and (other - one) * sign > 0)
            yield "tightened" if tighter else "loosened", f"{words} {moved(one, other)}{noun}"

    return steps


def _enum(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
    for value in old["values"]:
        if value not in new["values"]:
            yield "tightened", f"value {value} removed"
    for value in new["values"]:
        if value not in old["values"]:
            yield "loosened", f"value {value} added"


def _type(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
    if old["logical"] != new["logical"]:
        yield "both", f"type {moved(old['logical'], new['logical'])}"
    elif old["physical"] != new["physical"]:
        yield "both", f"type {moved(old['physical'], new['physical'])}"
    elif old.get("format") != new.get("format"):
        one, other = WIDTHS.get(str(old.get("format"))), WIDTHS.get(str(new.get("format")))
        direction: Direction = "both"
        if one is not None and other is not None:
            direction = "loosened" if other > one else "tightened"
        yield direction, f"format {moved(old.get('format'), new.get('format'))}"
    else:
        yield from _unknown("type")(old, new)


def _pattern(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
    # Which of two patterns lets more pass cannot be told in general.
    yield "both", f"pattern {moved(old['pattern'], new['pattern'])}"


def _by_contract(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Step]:
    if old["field"] != new["field"]:
        yield "both", f"the field that names its contract {moved(old['field'], new['field'])}"
    for value, one in old["contracts"].items():
        other = new["contracts"].get(value)
        if other is None:
            yield "tightened", f"no contract for {value} any more"
        elif other != one:
            yield "both", f"the contract for {value} {moved(one, other)}"
    for value in new["contracts"]:
        if value not in old["contracts"]:
            yield "loosened", f"a contract for {value} added"


_STEPS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Step]]] = {
    "range": _bounds(""),
    "length": _bounds(" characters"),
    "items": _bounds(" items"),
    "enum": _enum,
    "type": _type,
    "pattern": _pattern,
    "contract": _by_contract,
}
