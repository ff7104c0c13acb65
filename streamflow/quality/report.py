"""What a check says: one name, one verdict, what was seen and what should have been."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One statement about the data that can be false.

    Attributes:
        name: Stable identifier, as `decisions_equal_replay`.
        ok: Whether the statement holds.
        observed: What the data says, as a number or short text.
        expected: What it should have said.
        sentence: One sentence for a person; when the check fails it names the first offender.
    """

    name: str
    ok: bool
    observed: str | int
    expected: str | int
    sentence: str


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of `streamflow verify`.

    Attributes:
        checks: Every check that ran, in order.
        seconds: Wall time of the whole run.
    """

    checks: tuple[Check, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """True when there is at least one check and none failed."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.ok)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 3),
            "checks": [asdict(check) for check in self.checks],
        }
