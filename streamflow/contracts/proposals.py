"""Proposals: a folder with a rule set, generator parameters and the calibration behind them, for review and release.

A proposal holds any of `fraud_rules/<version>.yaml`, `generator/<version>.yaml` and `calibrations/<id>.json`, laid out
as contracts/ is. Files at its top (a report, a plot) are for people and are passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from streamflow.contracts.calibrations import Calibration, new_calibration
from streamflow.contracts.subjects import (
    CALIBRATIONS,
    GENERATOR,
    RULE_SETS,
    Subject,
    file_name,
    parse_subject,
    read_subject,
)
from streamflow.errors import InputError, nearest

FOLDERS = (RULE_SETS, GENERATOR, CALIBRATIONS)
EXPECTED = "fraud_rules/<version>.yaml, generator/<version>.yaml or calibrations/<id>.json"

_VERSION = re.compile(r"^version:.*$", re.MULTILINE)
_DRAFT = re.compile(r"^status:(\s*)draft\b", re.MULTILINE)


@dataclass(frozen=True)
class Proposal:
    """What a proposal holds.

    Attributes:
        folder: Where it lies.
        subjects: Its files: calibrations first, then generator and rule set, so that each finds what it names.
    """

    folder: Path
    subjects: tuple[Subject, ...]

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """Its calibrations by id."""
        return {one.version: one.content for one in self.subjects if isinstance(one.content, Calibration)}

    def version_of(self, family: str) -> str | None:
        """Return the version that it proposes of rule set or generator; None when it proposes none."""
        return next((one.version for one in self.subjects if one.family == family), None)


def read_proposal(folder: Path) -> Proposal:
    """Read a proposal and hold its files against each other.

    Raises:
        InputError: The folder is missing, holds nothing or something unknown, or a file in it is wrong.
    """
    if not folder.is_dir():
        siblings = [one.name for one in folder.parent.iterdir() if one.is_dir()] if folder.parent.is_dir() else []
        tail = f"; {nearest(folder.name, siblings)}" if siblings else "."
        raise InputError(f"There is no proposal folder {folder}{tail}")
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in FOLDERS:
            raise InputError(f"{path}: a proposal has no folder '{path.name}'; {nearest(path.name, FOLDERS)}")
    names = []
    for family in (CALIBRATIONS, GENERATOR, RULE_SETS):
        for path in sorted((folder / family).glob("*")):
            suffix = Path(file_name(family, "x")).suffix
            if path.suffix != suffix:
                raise InputError(f"{path}: a file in {family}/ of a proposal must end in '{suffix}'.")
            names.append(f"{family}/{path.name}")
    if not names:
        raise InputError(f"{folder} holds no proposal; expected {EXPECTED}.")
    counted = Counter(name.partition("/")[0] for name in names)
    for family in (RULE_SETS, GENERATOR):
        if counted[family] > 1:
            raise InputError(f"{folder / family} holds {counted[family]} versions; a proposal has one.")
    proposal = Proposal(folder, tuple(read_subject(folder, name) for name in names))
    _agree(proposal)
    return proposal


def _agree(proposal: Proposal) -> None:
    """Refuse a calibration that proposes other versions than those beside it."""
    for id_, calibration in proposal.calibrations.items():
        for family, stated in ((RULE_SETS, calibration.rule_set), (GENERATOR, calibration.generator)):
            found = next((one for one in proposal.subjects if one.family == family and one.calibration == id_), None)
            if found is not None and found.version != stated:
                raise InputError(
                    f"{found.path}: calibration {id_} proposes {family} {stated}, not {found.version}; "
                    f"did you mean '{stated}'?"
                )


def as_released(proposal: Proposal) -> Proposal:
    """Return the proposal with rule sets that say `status: released`; a released file is no draft."""
    subjects = tuple(
        _parsed(one, one.version, _DRAFT.sub(r"status:\1released", one.text, count=1))
        if one.family == RULE_SETS and _DRAFT.search(one.text)
        else one
        for one in proposal.subjects
    )
    return replace(proposal, subjects=subjects)


def renumbered(proposal: Proposal, versions: dict[str, str]) -> Proposal:
    """Return the proposal under other numbers.

    A calibration names the versions that it proposes, and its id is a hash of its content: it gets another id, which
    the files that name it take over.

    Args:
        proposal: What was proposed.
        versions: The new version of `fraud_rules`, of `generator`, or of both.
    """
    ids: dict[str, str] = {}
    subjects: list[Subject] = []
    old_rule_set, old_generator = proposal.version_of(RULE_SETS), proposal.version_of(GENERATOR)
    for one in proposal.subjects:
        if isinstance(one.content, Calibration):
            moved = _moved(
                one.content,
                rule_set=versions.get(RULE_SETS) if one.content.rule_set == old_rule_set else None,
                generator=versions.get(GENERATOR) if one.content.generator == old_generator else None,
            )
            ids[one.version] = moved.id
            subjects.append(_parsed(one, moved.id, moved.text()))
            continue
        text = one.text
        for old, new in ids.items():
            text = text.replace(old, new)
        version = versions.get(one.family, one.version)
        subjects.append(_parsed(one, version, _VERSION.sub(f"version: {version}", text, count=1)))
    return replace(proposal, subjects=tuple(subjects))


def _moved(calibration: Calibration, *, rule_set: str | None, generator: str | None) -> Calibration:
    changed = msgspec.structs.replace(
        calibration, rule_set=rule_set or calibration.rule_set, generator=generator or calibration.generator
    )
    return new_calibration(
        dataset=changed.dataset,
        rule_set=changed.rule_set,
        generator=changed.generator,
        package=changed.package,
        notebook=changed.notebook,
        sources=changed.sources,
        figures=changed.figures,
    )


def _parsed(one: Subject, version: str, text: str) -> Subject:
    path = one.path.with_name(file_name(one.family, version))
    return parse_subject(one.family, version, path, text)
