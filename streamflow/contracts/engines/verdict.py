"""What the per-record validator answers."""

from __future__ import annotations

from typing import Any

import msgspec

from streamflow.contracts.names import Reason


class Verdict(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What the contract says about one record.

    Attributes:
        reason: None when accepted, else a word of the dead-letter vocabulary.
        detail: One sentence that names the field, never a value; empty when accepted.
        held: The record as it was decoded, when accepted; read `record`.
        event_time_us: Its event time, microseconds since 1970, when accepted.
        status: `accepted`, `accepted_unknown_fields` or `rejected`.
        schema_version: The version that the record was written by, where it could be read.
        contract_version: The version of the contract that judged.
    """

    reason: Reason | None
    detail: str
    held: dict[str, Any] | msgspec.Struct | None
    event_time_us: int | None
    status: str
    schema_version: str | None
    contract_version: str

    @property
    def record(self) -> dict[str, Any] | None:
        """The parsed record when accepted; made when it is first asked for, because not every job asks."""
        held = self.held
        if isinstance(held, msgspec.Struct):
            held = msgspec.structs.asdict(held)
            msgspec.structs.force_setattr(self, "held", held)
        return held

    def __eq__(self, other: object) -> bool:
        """Compare what is said, not how the record is held."""
        if not isinstance(other, Verdict) or self.record != other.record:
            return False
        return msgspec.structs.astuple(self) == msgspec.structs.astuple(other)

    __hash__ = None  # type: ignore[assignment]  # a record is no key
