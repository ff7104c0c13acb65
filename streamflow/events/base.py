"""What the generated event models share."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from streamflow.contracts.timestamps import parse_date, parse_us


def _timestamp(text: str) -> str:
    if parse_us(text) is None:
        raise ValueError("must be an RFC 3339 time with a zone, as 2026-03-01T09:15:02.125Z")
    return text


def _date(text: str) -> str:
    if parse_date(text) is None:
        raise ValueError("must be a date, as 2026-03-01")
    return text


Timestamp = Annotated[str, AfterValidator(_timestamp)]
"""A time as the wire carries it; `streamflow.contracts.timestamps.parse_us` makes microseconds of it."""

Date = Annotated[str, AfterValidator(_date)]
"""A calendar day as the wire carries it."""

RequiredWhen = dict[tuple[str, str], tuple[str, ...]]
"""Fields that are required where a field has a value: `{(field, value): fields}`."""


class Event(BaseModel):
    """A record, or an object inside one. Unknown fields are kept; types are never coerced.

    Attributes:
        required_when: Fields that are required where another field has a certain value.
    """

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    required_when: ClassVar[RequiredWhen] = {}

    @model_validator(mode="after")
    def _hold_required_when(self) -> Self:
        for (field, value), names in self.required_when.items():
            if getattr(self, field) == value:
                missing = [name for name in names if getattr(self, name) is None]
                if missing:
                    raise ValueError(f"'{missing[0]}' is required where {field} is {value}")
        return self

    def wire(self) -> dict[str, Any]:
        """Return the record as it is written to its topic: without what is absent."""
        return self.model_dump(mode="json", exclude_none=True)
