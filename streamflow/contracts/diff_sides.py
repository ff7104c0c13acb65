"""Who is hurt by which direction: tightening breaks producers, loosening breaks consumers (ADR 0010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.diff import Change, Kind

Direction = Literal["tightened", "loosened", "both"]


@dataclass(frozen=True, slots=True)
class Sides:
    """Those who write and read a dataset.

    Attributes:
        producers: Names of who writes it.
        consumers: Names of who reads it.
        noun: What it consists of: record or row.
    """

    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    noun: str

    @classmethod
    def of(cls, dataset: Dataset) -> Sides:
        """Return the sides that a contract names."""
        return cls(dataset.producers, dataset.consumers, "record" if dataset.topic else "row")

    def breaking(self, direction: Direction, place: str, what: str, *, kind: Kind | None = None) -> Change:
        """Return a change of what is accepted, which is major.

        Args:
            direction: tightened, loosened, or both where neither side can rely on the old version.
            place: Column or property.
            what: What changed.
            kind: Its sort; the direction when not given.
        """
        sort: Kind = kind or ("changed" if direction == "both" else direction)
        writes, reads = direction != "loosened", direction != "tightened"
        return Change(
            sort,
            place,
            what,
            "major",
            f"{self.noun}s that were right may be rejected" if writes else "",
            f"{self.noun}s may arrive that the old version ruled out" if reads else "",
            (*(self.producers if writes else ()), *(self.consumers if reads else ())),
        )

    def readers_break(self, kind: Kind, place: str, what: str, consumers: str) -> Change:
        """Return a change that breaks only those who read."""
        return Change(kind, place, what, "major", "", consumers, self.consumers)

    def all_break(self, kind: Kind, place: str, what: str, producers: str, consumers: str) -> Change:
        """Return a change that breaks both sides."""
        return Change(kind, place, what, "major", producers, consumers, (*self.producers, *self.consumers))
