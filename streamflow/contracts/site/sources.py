"""What the pages are made from: every versioned file, read once, with its history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from streamflow.contracts.calibrations import Calibration
from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import Untranslated
from streamflow.contracts.diff import Difference
from streamflow.contracts.released import read_lock, released_files
from streamflow.contracts.site.enforcement import models_leave_out
from streamflow.contracts.subjects import CALIBRATIONS, GENERATOR, RULE_SETS, Subject, compare, read_subject
from streamflow.contracts.versions import ordered


@dataclass(frozen=True)
class Step:
    """One version in a history.

    Attributes:
        subject: The version.
        released: Whether the lock holds its hash.
        difference: From the version before it; None for the first.
    """

    subject: Subject
    released: bool
    difference: Difference | None


@dataclass(frozen=True)
class Sources:
    """Every file under one contracts folder.

    Attributes:
        root: The contracts folder.
    """

    root: Path

    @cached_property
    def catalogue(self) -> Catalogue:
        """The contracts."""
        return Catalogue.load(self.root)

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """Every versioned file by its path below contracts/."""
        return {name: read_subject(self.root, name) for name in released_files(self.root)}

    @cached_property
    def lock(self) -> dict[str, str]:
        """Recorded hashes by path."""
        return read_lock(self.root)

    @cached_property
    def of_models(self) -> list[Untranslated]:
        """What the event models leave out."""
        return models_leave_out(self.catalogue)

    @cached_property
    def readers(self) -> tuple[str, ...]:
        """Who runs rule sets."""
        return self.catalogue.topic("fraud-rules").consumers

    def family(self, family: str) -> list[Subject]:
        """Return the versions of one family, newest first; calibrations by id."""
        found = {one.version: one for one in self.subjects.values() if one.family == family}
        names = sorted(found) if family == CALIBRATIONS else reversed(ordered(found))
        return [found[name] for name in names]

    @property
    def rule_sets(self) -> list[Subject]:
        """Every rule set, newest first."""
        return self.family(RULE_SETS)

    @property
    def worlds(self) -> list[Subject]:
        """Every version of the generator parameters, newest first."""
        return self.family(GENERATOR)

    @property
    def calibrations(self) -> list[Subject]:
        """Every calibration."""
        return self.family(CALIBRATIONS)

    def calibration(self, id_: str | None) -> Calibration | None:
        """Return a calibration; None when there is none of that id."""
        found = self.subjects.get(f"{CALIBRATIONS}/{id_}.json")
        return found.content if found is not None and isinstance(found.content, Calibration) else None

    def history(self, family: str) -> list[Step]:
        """Return the versions of one family with what changed between neighbours, newest first."""
        newest_first = self.family(family)
        steps = []
        for index, one in enumerate(newest_first):
            older = newest_first[index + 1] if index + 1 < len(newest_first) else None
            difference = compare(older, one, self.readers) if older is not None else None
            steps.append(Step(one, self.lock.get(one.name) == one.sha256, difference))
        return steps
