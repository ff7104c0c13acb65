"""What a person compares: two versions that they name, or a proposal with what was released before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamflow.contracts.calibrations import Calibration
from streamflow.contracts.diff import Difference
from streamflow.contracts.proposals import Proposal
from streamflow.contracts.released import read_lock, released_files
from streamflow.contracts.releasing import newest, predecessor, readers_of
from streamflow.contracts.subjects import RULE_SETS, Subject, compare, file_name, read_subject, subject_of_file
from streamflow.errors import InputError, nearest


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One file of a proposal beside what was released.

    Attributes:
        subject: The file.
        difference: From its newest released predecessor; None for a first version and for a calibration.
        note: What to know about its number, or what a calibration holds.
    """

    subject: Subject
    difference: Difference | None
    note: str

    def lines(self) -> list[str]:
        """Return it in plain words, a line each."""
        if self.difference is None:
            return [f"{self.subject.id}: {self.note}"]
        return [*self.difference.lines(), self.note]

    def payload(self) -> dict[str, Any]:
        """Return it as JSON carries it."""
        difference = self.difference.payload() if self.difference else None
        return {"file": self.subject.name, "difference": difference, "note": self.note}


def find_subject(root: Path, text: str) -> Subject:
    """Return the version that a person names: `family/version`, or a path to a file.

    Args:
        root: The contracts folder.
        text: As `fraud_rules/1.0.0`, `events/transactions.raw/1.0.0`, or a path.

    Raises:
        InputError: There is none; the sentence names the nearest.
    """
    path = Path(text)
    if path.is_file():
        inside = path.resolve()
        if inside.is_relative_to(root.resolve()):
            return read_subject(root, inside.relative_to(root.resolve()).as_posix())
        return subject_of_file(path)
    name = text.strip("/").removeprefix("contracts/")
    family, _, version = name.rpartition("/")
    file = f"{family}/{file_name(family, version)}"
    files = released_files(root)
    if file in files:
        return read_subject(root, file)
    known = [f"{one.rpartition('/')[0]}/{_version(one)}" for one in files]
    raise InputError(f"'{text}' is no file, and contracts/ has no such version; {nearest(name, known)}")


def _version(name: str) -> str:
    file = name.rpartition("/")[2]
    return file.removesuffix(".json").removesuffix(".yaml").removesuffix(".odcs")


def difference_between(root: Path, old: str, new: str | None) -> Difference:
    """Compare two versions that a person names; one alone with the release before it.

    Raises:
        InputError: A name is unknown, the two are different things, or the one has nothing before it.
    """
    one = find_subject(root, old)
    if new is not None:
        return compare(one, find_subject(root, new), readers_of(root, one))
    known = predecessor(root, one)
    if known is None:
        raise InputError(f"{one.id} has no release before it; name what to compare it with.")
    return compare(known, one, readers_of(root, one))


def review(root: Path, proposal: Proposal) -> list[Reviewed]:
    """Compare each file of a proposal with its newest released predecessor.

    Args:
        root: The contracts folder.
        proposal: The proposal.

    Returns:
        One a file, rule set first: what a reviewer wants to see.
    """
    recorded = read_lock(root)
    found = [_reviewed(root, one, recorded) for one in proposal.subjects]
    return sorted(found, key=lambda one: (one.subject.family != RULE_SETS, one.subject.family != "generator"))


def _reviewed(root: Path, one: Subject, recorded: dict[str, str]) -> Reviewed:
    if isinstance(one.content, Calibration):
        counted = ", ".join(f"{number} {status}" for status, number in one.content.by_status().items() if number)
        return Reviewed(one, None, f"{len(one.content.figures)} figures: {counted}.")
    taken = one.name in recorded
    known = newest(root, one.family) if taken else predecessor(root, one)
    if known is None:
        return Reviewed(one, None, "the first version.")
    difference = compare(known, one, readers_of(root, one))
    if recorded.get(one.name) == one.sha256:
        return Reviewed(one, difference, f"{one.id} is released already.")
    wanted = difference.needed_version
    if wanted == one.version:
        return Reviewed(one, difference, f"The number {one.version} is right.")
    why = "is taken" if taken else "is contradicted"
    right = f"it must be {wanted}: release with --renumber" if wanted else "leave the file out"
    return Reviewed(one, difference, f"The number {one.version} {why}; {right}.")
