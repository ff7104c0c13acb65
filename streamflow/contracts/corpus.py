"""The golden corpus of a contract: records and rows of which it is known what every engine must say.

Made from the shipped examples and, by construction, from the contract itself: one valid example with one value
changed. Pure and without chance, so the same contract gives the same corpus. Settings are those of the examples.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import REASON
from streamflow.contracts.corpus_values import OVER_64_BITS, UNSTORABLE_TEXT, Case, Trait, cases, limits_of, sample
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.fast import VERSION_FIELD
from streamflow.contracts.examples import BASE_CURRENCY, DEFAULT_TIME, example_files, wire

SETTINGS: Final[Mapping[str, str]] = {"base_currency": BASE_CURRENCY}
VERSION: Final[Trait] = "version"
TEXT: Final[Trait] = "text"
AROUND: Final[Trait] = "around"
"""Traits of rows whose fault lies in the version field, in the text of a record, or around it (key, time)."""

_TEXT_REASONS = frozenset(
    {
        "not_json",
        "not_utf8",
        "empty_value",
        "not_object",
        "duplicate_key",
        "number_out_of_range",
        "bad_string",
        "too_deep",
    }
)
_AROUND_REASONS = frozenset({"key_mismatch", "event_time_out_of_range"})
_MISSING = object()
_STEP = re.compile(r"[^.\[\]]+|\[\]")


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One row and what must be said of it.

    Attributes:
        label: What is odd about it, for the names of tests.
        record: The record of a topic or the row of a table, as JSON values; empty where `text` is no JSON object.
        column: Path of the column that is odd; empty for shipped examples.
        check_id: The check that it breaks, where it is known which; empty for none.
        reason: The reason it is rejected with; empty when it keeps the contract.
        trait: What some engines cannot see; empty for nothing.
        text: The text of the record where that is the point of it.
        example: An invalid example as it was shipped, with its own key and time.
    """

    label: str
    record: Mapping[str, Any]
    column: str = ""
    check_id: str = ""
    reason: str = ""
    trait: Trait = ""
    text: str | None = None
    example: Mapping[str, Any] | None = None

    @property
    def valid(self) -> bool:
        """Whether the row keeps its contract."""
        return not self.reason


def corpus(dataset: Dataset, catalogue: Catalogue) -> tuple[CorpusRow, ...]:
    """Return the corpus of a dataset.

    Args:
        dataset: Any version of any dataset.
        catalogue: Where contracts that it refers to are found.

    Returns:
        Shipped examples first, then rows in the order of the contract's columns.
    """
    bases = [json.loads(path.read_text(encoding="utf-8")) for path in example_files(dataset, "valid")]
    rows = [*_shipped(dataset)]
    for top in dataset.columns:
        for column in top.walk():
            if _is_version(dataset, column):
                rows += _versions(dataset, column, bases)
            else:
                rows += _of_column(dataset.columns, column, bases)
        by = top.extensions.contract_by_field
        for value, reference in (by.contracts if by is not None else {}).items():
            members = [base for base in bases if base.get(by.field if by is not None else "") == value]
            rows += _inner(catalogue.by_id(reference), top.name, members)
    return tuple(_as_read(dataset, row) for row in rows if row.trait != UNSTORABLE_TEXT or _refuses_text(dataset, row))


def _of_column(columns: tuple[Column, ...], column: Column, bases: list[dict[str, Any]]) -> list[CorpusRow]:
    """Return the rows of one column; the values of a field that others hang on each in a record that suits them."""
    presence = _presence(columns, column, bases)
    base = _base(columns, column, bases)
    needed: dict[str, list[str]] = {}
    steers = False
    for other in columns:
        when, by = other.extensions.required_when, other.extensions.contract_by_field
        if when is not None and when.field == column.path:
            needed.setdefault(when.equals, []).append(other.path)
            steers = True
        steers = steers or (by is not None and by.field == column.path)
    if not steers:
        return _tried(column, presence, base)
    rows = [row for row in _tried(column, presence, base) if not row.valid]
    for value in column.enum if needed else ():
        suits = [one for one in bases if all(one.get(name) is not None for name in needed.get(str(value), []))]
        if suits:
            rows.append(
                CorpusRow(f"{column.path}: the value {value}", changed(suits[0], column.path, value), column.path)
            )
    return rows


def _refuses_text(dataset: Dataset, row: CorpusRow) -> bool:
    """Say whether anything refuses NUL here: the reader of records, or a table's own text and JSON."""
    if dataset.topic is not None:
        return dataset.topic.payload == "json"
    limits = [limits_of(column) for column in dataset.columns if column.path == row.column]
    return any(one.is_text or one.is_json for one in limits)


def _as_read(dataset: Dataset, row: CorpusRow) -> CorpusRow:
    """The reader of records gives numbers beyond 64 bits a reason of their own."""
    by_reader = row.trait == OVER_64_BITS and dataset.topic is not None and dataset.topic.payload == "json"
    return replace(row, reason="number_out_of_range", check_id="") if by_reader else row


def message(dataset: Dataset, row: CorpusRow) -> tuple[bytes | None, bytes, int]:
    """Return key, value and Kafka timestamp (ms) of a row of a topic's corpus."""
    if row.example is not None:
        return wire(dataset, dict(row.example))
    field = (dataset.topic.event_time_field if dataset.topic else None) or ""
    given: dict[str, Any] = {
        "record": dict(row.record),
        "text": row.text if row.text is not None else json.dumps(row.record, separators=(",", ":")),
        "kafka_timestamp": row.record.get(field) or DEFAULT_TIME,
    }
    # Half a surrogate pair is no UTF-8, so no key can be made of it; the reader refuses the text before it asks.
    return wire(dataset, given | {"key": "k"} if row.trait == UNSTORABLE_TEXT else given)


def _shipped(dataset: Dataset) -> Iterator[CorpusRow]:
    for path in example_files(dataset, "valid"):
        yield CorpusRow(f"example {path.stem}", json.loads(path.read_text(encoding="utf-8")))
    for path in example_files(dataset, "invalid"):
        example = json.loads(path.read_text(encoding="utf-8"))
        reason = str(example["reason"])
        trait = TEXT if reason in _TEXT_REASONS else AROUND if reason in _AROUND_REASONS else ""
        if reason == "unknown_schema_version":
            trait = VERSION
        record = example.get("record")
        yield CorpusRow(
            f"example {path.stem}",
            record if isinstance(record, dict) else {},
            reason=reason,
            trait=trait or ("" if isinstance(record, dict) else TEXT),
            example=example,
        )


def _is_version(dataset: Dataset, column: Column) -> bool:
    return dataset.topic is not None and dataset.topic.payload == "json" and column.path == VERSION_FIELD


def _versions(dataset: Dataset, column: Column, bases: list[dict[str, Any]]) -> list[CorpusRow]:
    """Return rows for the field that says which version judges: a text that names none ends the judgement."""
    base = bases[0]
    rows = _tried(column, _presence(dataset.columns, column, bases), base, only="type")
    for label, text in (
        ("of the future", "999.0.0"),
        ("no version", "1.0"),
        ("with a newline", f"{dataset.version}\n"),
    ):
        record = {**base, column.name: text}
        rows.append(CorpusRow(label, record, column.path, reason="unknown_schema_version", trait=VERSION))
    return rows


def _tried(
    column: Column, presence: list[tuple[Case, dict[str, Any]]], base: dict[str, Any], only: str = ""
) -> list[CorpusRow]:
    """Return rows for the presence and the values of one column."""
    tried = [*presence, *((_by_setting(column, case), base) for case in cases(column) if only in ("", case.kind))]
    rows = []
    for case, start in tried:
        if only and case.trait == UNSTORABLE_TEXT:
            continue
        record = changed(start, column.path, case.value)
        check_id = next((check.id for check in column.checks if check.kind == case.kind), "")
        label = f"{column.path}: {case.label}"
        rows.append(CorpusRow(label, record, column.path, check_id, case.reason, case.trait))
    return rows


def _by_setting(column: Column, case: Case) -> Case:
    """A value that its own contract allows may still not be the deployment's."""
    setting = column.extensions.equals_setting
    if case.kind is not None or setting is None or case.value == SETTINGS[setting]:
        return case
    return Case(case.label, case.value, "equals_setting", REASON["equals_setting"])


def _presence(
    columns: tuple[Column, ...], column: Column, bases: list[dict[str, Any]]
) -> list[tuple[Case, dict[str, Any]]]:
    """Return cases of a column that is missing or null, each with the record to change."""
    if column.path.endswith("[]"):
        return []
    found: list[tuple[Case, dict[str, Any]]] = []
    for base in [base for base in bases if _holder(base, column.path)] or [_base(columns, column, bases)]:
        kind = "required" if column.required else None
        when = column.extensions.required_when
        if when is not None and _holder(base, column.path).get(when.field) == when.equals:
            kind = "required_when"
            found += [(Case("missing elsewhere", _MISSING), other) for other in _elsewhere(columns, column, base)]
        reason = REASON[kind] if kind else ""
        found += [(Case("missing", _MISSING, kind, reason), base), (Case("null", None, kind, reason), base)]
    return found


def _elsewhere(columns: tuple[Column, ...], column: Column, base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a record in which a column that is needed at times is not, where a value of the other field allows it."""
    when = column.extensions.required_when
    steering = next(one for one in columns if when is not None and one.name == when.field)
    others = [one.extensions.required_when for one in columns]
    asking = {other.equals for other in others if other is not None and other.field == steering.name}
    free = [value for value in steering.enum if value not in asking]
    if free:
        yield changed(base, steering.path, free[0])


def _base(columns: tuple[Column, ...], column: Column, bases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an example in which a column can be set; where its parent is always absent, with a sample of that."""
    with_parent = [base for base in bases if _holder(base, column.path) is not None]
    needing = [base for base in with_parent if _is_set(base, column.path)]
    if with_parent:
        return (needing or with_parent)[0]
    top = next(one for one in columns if one.path == column.path.split(".")[0].removesuffix("[]"))
    return changed(bases[0], top.path, sample(top))


def _is_set(base: dict[str, Any], path: str) -> bool:
    holder, last = _holder(base, path), _STEP.findall(path)[-1]
    return holder is not None and (last == "[]" or holder.get(last) is not None)


def _inner(dataset: Dataset, parent: str, bases: list[dict[str, Any]]) -> list[CorpusRow]:
    """Return the corpus rows of an object that has a contract of its own, inside the record that holds it."""
    rows: list[CorpusRow] = []
    inside = [base[parent] for base in bases]
    for column in dataset.columns:
        for row in _of_column(dataset.columns, column, inside):
            record = {**bases[0], parent: dict(row.record)}
            label = f"{parent}.{row.label}"
            rows.append(CorpusRow(label, record, f"{parent}.{row.column}", row.check_id, row.reason, row.trait))
    return rows


def _holder(record: Any, path: str) -> Any:
    """Return what holds a column: the object with its field, or the array; None where that is absent."""
    here = record
    for step in _STEP.findall(path)[:-1]:
        if step == "[]":
            here = here[0] if isinstance(here, list) and here else None
        else:
            here = here.get(step) if isinstance(here, dict) else None
        if here is None:
            return None
    return here if isinstance(here, dict) or (path.endswith("[]") and here) else None


def changed(record: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a record with one column set, or taken away; of an array the first item.

    Args:
        record: Must have whatever holds the column.
        path: Path of the column.
        value: What to set.
    """
    copied: dict[str, Any] = copy.deepcopy(dict(record))
    holder, last = _holder(copied, path), _STEP.findall(path)[-1]
    if last == "[]":
        holder[0] = value
    elif value is _MISSING:
        holder.pop(last, None)
    else:
        holder[last] = value
    return copied
