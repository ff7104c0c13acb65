"""What changed between two versions of the generator parameters (ADR 0010).

patch: only where a figure comes from. minor: a value, or a figure that is new. major: a figure is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streamflow.contracts.diff import Change, moved, told
from streamflow.contracts.generator_files import GeneratorFile, StatedFigure

READER = ("generator",)
WORLD = "the same seed gives other purchases"


def compare_generators(old: GeneratorFile, new: GeneratorFile) -> list[Change]:
    """Return what changed between two versions of the generator parameters, in the order of the file."""
    changes: list[Change] = []
    if old.calibration != new.calibration:
        what = f"calibration: {moved(old.calibration, new.calibration)}"
        changes.append(Change("evidence", "calibration", what, "patch", "", "no purchase changes"))
    for path, one in old.figures.items():
        other = new.figures.get(path)
        if other is None:
            what = f"{path}: figure removed (was {told(one.value)})"
            changes.append(Change("removed", path, what, "major", "", "the simulated world has one trait less", READER))
        else:
            changes += _figure(path, one, other)
    for path, other in new.figures.items():
        if path not in old.figures:
            what = f"{path}: figure added, {told(other.value)}"
            changes.append(Change("added", path, what, "minor", "", WORLD))
    return changes


def _figure(path: str, old: StatedFigure, new: StatedFigure) -> Iterator[Change]:
    if old.value != new.value:
        yield Change("changed", path, f"{path}: {_step(old.value, new.value)}", "minor", "", WORLD)
    names = [name for name, one in old.evidence.items() if one != new.evidence[name]]
    if names:
        # A refit gives every figure new evidence: one short line each, the words themselves stand in the files.
        short = [f"{name} {moved(old.evidence[name], new.evidence[name])}" for name in names if name in ("status", "n")]
        rest = [name for name in names if name not in ("status", "n")]
        said = ", ".join([*short, *([f"other {' and '.join(rest)}"] if rest else [])])
        yield Change("evidence", path, f"{path}: {said}", "patch", "", "no purchase changes")


def _step(old: Any, new: Any) -> str:
    """Write a step; of a long mapping only what moved."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
        return ", ".join(f"{name} {moved(old.get(name), new.get(name))}" for name in names)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) > 6:
        places = [index for index, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
        return f"{len(places)} of {len(old)} numbers, {moved(old, new)}"
    return moved(old, new)
