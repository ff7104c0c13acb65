"""Releasing: which number a new version may have, what must be there with it, and writing all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from streamflow.contracts.calibrations import Calibration, calibration_ids, load_calibration
from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.diff import Difference
from streamflow.contracts.examples import try_examples
from streamflow.contracts.generator_files import GeneratorFile
from streamflow.contracts.names import FRAUD_RULES
from streamflow.contracts.proposals import Proposal, as_released, renumbered
from streamflow.contracts.released import (
    LOCK,
    lock_text,
    read_lock,
    released_files,
    released_versions,
    verify_released,
)
from streamflow.contracts.rule_sets import RuleSet, check_horizons, load_horizons
from streamflow.contracts.side_by_side import conflicts
from streamflow.contracts.subjects import CALIBRATIONS, GENERATOR, RULE_SETS, Subject, compare, file_name, read_subject
from streamflow.contracts.versions import FIRST, below, bump, level_between, ordered, parse_version
from streamflow.errors import EnvironmentNotReady, InputError, nearest

MEASURED = ("measured", "simulated")


@dataclass(frozen=True)
class Released:
    """What a release recorded.

    Attributes:
        names: Paths below contracts/, as they were recorded.
        renumbered: New numbers by family, where a proposal had to move.
    """

    names: tuple[str, ...]
    renumbered: dict[str, str]


def release(root: Path, names: Iterable[str]) -> Released:
    """Record the hash of files under `root` that were not released before.

    Args:
        root: The contracts folder.
        names: Paths below it; all files that are not recorded yet when empty.

    Raises:
        InputError: A name is no versioned file, or a file or its number is wrong; nothing is recorded then.
        ContractsBroken: A file was released before with other bytes.
    """
    verify_released(root)
    recorded, found = read_lock(root), released_files(root)
    wanted = list(names)
    for name in wanted:
        if name not in found:
            raise InputError(
                f"contracts/{name} is no contract, rule set, generator file or calibration; {nearest(name, found)}"
            )
    subjects = [read_subject(root, name) for name in (wanted or found) if name not in recorded]
    subjects = _in_order(subjects)
    judge(root, subjects)
    _try(root, subjects)
    _write(root, recorded, subjects)
    return Released(tuple(one.name for one in subjects), {})


def _try(root: Path, subjects: Iterable[Subject]) -> None:
    """Refuse contracts whose examples surprise, or that cannot stand beside another version of the same topic."""
    ids = {one.id for one in subjects if isinstance(one.content, Dataset)}
    if not ids:
        return
    catalogue = Catalogue.load(root)
    faults = [*try_examples(catalogue, ids).faults, *conflicts(catalogue)]
    if faults:
        raise InputError(faults[0])


def release_proposal(root: Path, proposal: Proposal, *, renumber: bool = False) -> Released:
    """Copy the files of a proposal into contracts/ and record them.

    Args:
        root: The contracts folder.
        proposal: What was proposed; a draft is released as released.
        renumber: Give it the numbers that the differences ask for, where its own are taken or contradicted.

    Raises:
        InputError: Anything is wrong with it; nothing is written then.
        ContractsBroken: A released file under `root` was changed.
    """
    verify_released(root)
    recorded = read_lock(root)
    proposal = as_released(proposal)
    if _is_released(root, proposal, recorded):
        return Released((), {})
    moved = _numbers(root, proposal) if renumber else {}
    if moved:
        proposal = renumbered(proposal, moved)
    subjects = _in_order(one for one in proposal.subjects if recorded.get(one.name) != one.sha256)
    for one in subjects:
        _free(root, one, recorded)
    judge(root, subjects, proposal.calibrations)
    _write(root, recorded, subjects)
    return Released(tuple(one.name for one in subjects), moved)


def _in_order(subjects: Iterable[Subject]) -> list[Subject]:
    """Order files so that each finds what it names and what it follows: calibrations first, then by version."""
    return sorted(
        subjects,
        key=lambda one: (
            one.family != CALIBRATIONS,
            one.family,
            (0, 0, 0) if one.family == CALIBRATIONS else parse_version(one.version, str(one.path)),
            one.version,
        ),
    )


def _free(root: Path, one: Subject, recorded: Mapping[str, str]) -> None:
    """Refuse a number that other content has already."""
    if one.name in recorded:
        number = next_version(root, one)
        free = f"the next free number is {number}; release with --renumber to take it" if number else "leave it out"
        raise InputError(f"{one.path}: {one.id} was released before with other content; {free}.")
    path = root / one.name
    if path.exists() and path.read_bytes() != one.text.encode():
        raise InputError(
            f"{one.path}: contracts/{one.name} is there, unreleased, with other content; release it first."
        )


def newest(root: Path, family: str) -> Subject | None:
    """Return the newest released version of a family; None when there is none."""
    versions = released_versions(root, family)
    return read_subject(root, f"{family}/{file_name(family, versions[-1])}") if versions else None


def next_version(root: Path, one: Subject) -> str | None:
    """Return the number that a file must have to follow the newest release; None when nothing changed since.

    Args:
        root: The contracts folder.
        one: A contract, rule set or file of generator parameters, under whatever number it has.
    """
    known = newest(root, one.family)
    return compare(known, one).needed_version if known else FIRST


def _is_released(root: Path, proposal: Proposal, recorded: Mapping[str, str]) -> bool:
    """Say whether a proposal was released before, under its own numbers or under those that it was given."""
    stated = {RULE_SETS: proposal.version_of(RULE_SETS), GENERATOR: proposal.version_of(GENERATOR)}
    numbers = [{}, *({RULE_SETS: one.rule_set, GENERATOR: one.generator} for one in _calibrations(root, proposal))]
    for given in numbers:
        kept = {family: number for family, number in given.items() if stated[family] is not None}
        candidate = renumbered(proposal, kept) if kept else proposal
        if all(recorded.get(one.name) == one.sha256 for one in candidate.subjects):
            return True
    return False


def _calibrations(root: Path, proposal: Proposal) -> list[Calibration]:
    """Return the calibrations on file that were computed on the same datasets as those of a proposal."""
    datasets = {one.dataset for one in proposal.calibrations.values()}
    found = [load_calibration(id_, root) for id_ in calibration_ids(root) if id_.rpartition("-")[0] in datasets]
    return [one for one in found if one.dataset in datasets]


def _numbers(root: Path, proposal: Proposal) -> dict[str, str]:
    """Return the numbers that a proposal's files must move to."""
    recorded = read_lock(root)
    moved = {}
    for one in proposal.subjects:
        if one.family in (RULE_SETS, GENERATOR) and recorded.get(one.name) != one.sha256:
            number = next_version(root, one)
            if number is not None and number != one.version:
                moved[one.family] = number
    return moved


def predecessor(root: Path, one: Subject, pending: Iterable[Subject] = ()) -> Subject | None:
    """Return the highest version below a file's own that was released, or is about to be; None when there is none."""
    waiting = {other.version: other for other in pending if other.family == one.family}
    version = below(one.version, {*released_versions(root, one.family), *waiting})
    if version is None:
        return None
    return waiting.get(version) or read_subject(root, f"{one.family}/{file_name(one.family, version)}")


def judge(
    root: Path,
    subjects: Iterable[Subject],
    calibrations: Mapping[str, Calibration] | None = None,
) -> None:
    """Refuse files that may not be released as they are.

    Args:
        root: The contracts folder.
        subjects: What is to be released, each after what it follows.
        calibrations: Those that come with it, by id.

    Raises:
        InputError: The first fault, with the file and the nearest valid thing.
    """
    done: list[Subject] = []
    for one in subjects:
        if one.family != CALIBRATIONS:
            _check_status(one)
            _check_calibration(root, one, calibrations or {})
            if isinstance(one.content, RuleSet):
                check_horizons(one.content, load_horizons(root))
            check_number(one, predecessor(root, one, done), _newest(root, one, done), readers_of(root, one))
        done.append(one)


def _newest(root: Path, one: Subject, done: Iterable[Subject]) -> str | None:
    versions = {*released_versions(root, one.family), *(other.version for other in done if other.family == one.family)}
    return ordered(versions)[-1] if versions else None


def _check_status(one: Subject) -> None:
    status, right = "", ""
    if isinstance(one.content, RuleSet):
        status, right = one.content.status, "released"
    elif isinstance(one.content, Dataset):
        status, right = one.content.contract.status, "active"
    if status == "draft":
        raise InputError(f"{one.path} says 'status: draft'; write 'status: {right}' to release it.")


def _check_calibration(root: Path, one: Subject, given: Mapping[str, Calibration]) -> None:
    named = one.calibration
    if named is None:
        if _claims(one):
            raise InputError(f"{one.path} has measured or simulated figures, so it must name their 'calibration'.")
        return
    if named not in given:
        try:
            load_calibration(named, root)
        except InputError as error:
            raise InputError(f"{one.path} names the calibration {named}: {error}") from None


def calibration_faults(root: Path) -> list[str]:
    """Return one sentence for each rule set or parameter file whose calibration is not on file as it was written.

    Args:
        root: The contracts folder.
    """
    faults = []
    for name in released_files(root):
        if name.startswith((f"{RULE_SETS}/", f"{GENERATOR}/")):
            try:
                _check_calibration(root, read_subject(root, name), {})
            except InputError as error:
                faults.append(str(error))
    return faults


def _claims(one: Subject) -> bool:
    """Say whether any figure of a file is said to come from a calibration."""
    if isinstance(one.content, RuleSet):
        bands = [band.status for _, _, measure in one.content.measures() for band in measure.bands]
        return any(status in MEASURED for status in bands)
    figures = one.content.figures.values() if isinstance(one.content, GeneratorFile) else ()
    return any(figure.status in MEASURED for figure in figures)


def readers_of(root: Path, one: Subject) -> tuple[str, ...]:
    """Return who runs a rule set, by the contract of the topic that carries it; a contract names its own readers."""
    return Catalogue.load(root).topic(FRAUD_RULES).consumers if isinstance(one.content, RuleSet) else ()


def check_number(
    one: Subject, known: Subject | None, newest_version: str | None, readers: tuple[str, ...] = ()
) -> Difference | None:
    """Refuse a number that what changed contradicts.

    Args:
        one: The new version.
        known: The one before it; None for the first.
        newest_version: The newest released one; None when there is none.
        readers: Who runs rule sets.

    Returns:
        What changed; None for a first version.

    Raises:
        InputError: The sentence names the change and the number that it asks for.
    """
    if known is None:
        if newest_version is not None:
            raise InputError(f"{one.path}: {one.version} lies below every release; did you mean '{newest_version}'?")
        if one.version != FIRST:
            raise InputError(f"{one.path}: the first version of {one.family} is {FIRST}, not {one.version}.")
        return None
    difference = compare(known, one, readers)
    if difference.level is None:
        raise InputError(f"{one.path} says nothing that {known.id} does not say; there is nothing to release.")
    level = level_between(known.version, one.version)
    if level == difference.level:
        return difference
    number = bump(known.version, difference.level)
    change = f"'{difference.changes[0].what}' is {difference.level}"
    names = f" and breaks {', '.join(difference.breaks)}" if difference.breaks else ""
    stated = f"{one.version} is no {level} change of" if level else f"{one.version} does not follow"
    raise InputError(f"{one.path}: {stated} {known.version}: {change}{names}, so the number is {number}.")


def _write(root: Path, recorded: Mapping[str, str], subjects: Iterable[Subject]) -> None:
    """Write files and lock; when one cannot be written, take the others back."""
    subjects = list(subjects)
    if not subjects:
        return
    written: list[Path] = []
    try:
        for one in subjects:
            path = root / one.name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                written.append(path)
                path.write_bytes(one.text.encode())
        part = root / f"{LOCK}.part"
        written.append(part)
        part.write_text(lock_text({**recorded, **{one.name: one.sha256 for one in subjects}}), encoding="utf-8")
        part.replace(root / LOCK)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise EnvironmentNotReady(f"Nothing was released: {error.strerror or error} ({error.filename}).") from error
