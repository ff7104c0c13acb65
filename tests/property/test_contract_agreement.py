"""Laws of the engines: whatever record a contract's own checks, or chance, can make, they agree about it.

Values are drawn from the checks by another way than the golden corpus, and several fields may be wrong at once. An
engine's verdict must be the judge's; the judge's reason must be among those that the engine gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.checks import REASON
from streamflow.contracts.corpus import SETTINGS, CorpusRow, message
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines import json_schema, pandera
from streamflow.contracts.engines.judge import Judge
from streamflow.contracts.engines.physical import Physical, int_bounds, physical
from streamflow.events.models import MODELS
from streamflow.settings import load_settings
from tests.unit.contracts.agreement import frame_of

CATALOGUE = Catalogue.load(load_settings().contracts_dir)
TOPICS = [topic for topic in CATALOGUE.topics() if topic.name in MODELS]
TABLES = [CATALOGUE.dataset("silver", "clean_transactions"), CATALOGUE.dataset("gold", "fact_transactions")]
VALIDATOR = build_validator(CATALOGUE, SETTINGS["base_currency"])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=70)
Values = st.SearchStrategy[Any]
LEAST, GREATEST = int_bounds(64)
AT_EASE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def junk(column: Column) -> Values:
    """Draw what has nothing to do with a contract; no whole floats, which JSON Schema takes for integers."""
    near = [-1, 0, 1]
    for bound in (column.options.minimum, column.options.maximum):
        near += [int(bound) + step for step in (-1, 0, 1)] if bound is not None else []
    floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value != int(value))
    return st.one_of(
        st.sampled_from([one for one in near if LEAST <= one <= GREATEST]),
        st.booleans(),
        floats,
        st.integers(LEAST, GREATEST),
        TEXT,
        st.lists(TEXT, max_size=2),
    )


def value(column: Column) -> Values:
    """Draw a value that keeps the checks of a column."""
    options = column.options
    if column.enum:
        return st.sampled_from(column.enum)
    if column.extensions.equals_setting is not None:
        return st.just(SETTINGS[column.extensions.equals_setting])
    if column.logical_type == "array" and column.item is not None:
        return st.lists(value(column.item), min_size=options.min_items or 0, max_size=min(options.max_items or 6, 6))
    drawn: dict[str, Callable[[Column], Values]] = {
        "string": _texts,
        "integer": _integers,
        "number": _numbers,
        "timestamp": _moments,
        "date": _moments,
        "object": lambda one: record(one.columns),
        "boolean": lambda _: st.booleans(),
    }
    return drawn[column.logical_type](column)


def _limits(column: Column) -> Physical:
    return physical(next(check.args for check in column.checks if check.kind == "type"))


def _integers(column: Column) -> Values:
    low, high = int_bounds(_limits(column).bits or 64)
    least, greatest = column.options.minimum, column.options.maximum
    return st.integers(int(low if least is None else least), int(high if greatest is None else greatest))


def _numbers(column: Column) -> Values:
    digits, low, high = _limits(column).digits, column.options.minimum, column.options.maximum
    if digits is None:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    unit = 10 ** digits[1]
    return st.integers(round((low or 0) * unit), round((10 if high is None else high) * unit)).map(lambda n: n / unit)


def _texts(column: Column) -> Values:
    options = column.options
    if _limits(column).is_uuid:
        return st.uuids().map(str)
    if options.pattern is None:
        alphabet = st.characters(codec="utf-8", exclude_characters="\x00")
        return st.text(alphabet, min_size=options.min_length or 0, max_size=min(options.max_length or 80, 80))
    pattern = re.compile(options.pattern.removeprefix("^").removesuffix("$"), re.ASCII)
    return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= (options.max_length or len(text)))


def _moments(column: Column) -> Values:
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    is_date = column.logical_type == "date"
    moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones)  # noqa: DTZ001 - zones are drawn
    return moments.map(lambda moment: moment.date().isoformat() if is_date else moment.isoformat())


def record(columns: tuple[Column, ...]) -> Values:
    """Draw an object that keeps the checks of each field by itself."""
    needed = {column.name: value(column) for column in columns if column.required}
    others = {column.name: st.none() | value(column) for column in columns if not column.required}
    return st.fixed_dictionaries(needed, optional=others)


@st.composite
def spoiled(draw: st.DrawFn, dataset: Dataset) -> dict[str, Any]:
    """Draw a record of which up to three fields are junk, null or gone."""
    drawn: dict[str, Any] = draw(record(dataset.columns))
    if dataset.topic is not None:
        drawn["schema_version"] = dataset.version
    free = [c for c in dataset.columns if c.name != "schema_version" and c.extensions.contract_by_field is None]
    for column in draw(st.lists(st.sampled_from(free), max_size=3, unique_by=lambda one: one.name)):
        if draw(st.booleans()):
            drawn[column.name] = draw(st.none() | junk(column))
        elif draw(st.booleans()):
            drawn.pop(column.name, None)
    by = [(column, column.extensions.contract_by_field) for column in dataset.columns]
    for column, chosen in by:
        named = drawn.get(chosen.field) if chosen is not None else None
        if chosen is not None and isinstance(named, str) and named in chosen.contracts:
            drawn[column.name] = draw(record(CATALOGUE.by_id(chosen.contracts[named]).columns))
    return drawn


SCHEMAS = {}
for _topic in TOPICS:
    _draft = jsonschema.Draft202012Validator
    _document = json_schema.translate(_topic, CATALOGUE.by_id).document
    SCHEMAS[_topic.name] = _draft(_document, format_checker=_draft.FORMAT_CHECKER)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@AT_EASE
@given(data=st.data())
def test_engines_of_records_agree_on_whatever_is_drawn(topic: Dataset, data: st.DataObject) -> None:
    """Judge, validator on bytes, model and schema."""
    drawn = data.draw(spoiled(topic))
    fault, _ = Judge(topic, SETTINGS, CATALOGUE.by_id)(drawn)
    reason = fault[0] if fault else ""
    assert (VALIDATOR(topic.topic_name, *message(topic, CorpusRow("drawn", drawn))).reason or "") == reason
    errors = [
        json_schema.check_of(one.validator, one.validator_value, list(one.absolute_path), one.instance, one.message)[1]
        for one in SCHEMAS[topic.name].iter_errors(drawn)
    ]
    by_setting = reason == "unsupported_currency"
    assert by_setting or (not reason and not errors) or reason in {REASON[kind] for kind in errors}
    try:
        MODELS[topic.name].model_validate(drawn)
        accepted = True
    except ValidationError:
        accepted = False
    assert accepted is (reason in ("", "unsupported_currency")) or _inside_attributes(topic, fault)


def _inside_attributes(topic: Dataset, fault: tuple[str, str] | None) -> bool:
    """A model leaves the contract that another field names; the attributes here keep it, unless that field is wrong."""
    return topic.name == "reference.raw" and fault is not None and "attributes" in fault[1]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_frames_agree_with_the_judge_on_whatever_is_drawn(table: Dataset, data: st.DataObject) -> None:
    """Forty rows a frame: the first check that each breaks has the judge's reason."""
    rows = data.draw(st.lists(spoiled(table), min_size=1, max_size=40))
    frames = FRAMES[table.id]
    judge = Judge(table, SETTINGS, CATALOGUE.by_id)
    found = pandera.faults(frames, frame_of(table, [CorpusRow("drawn", row) for row in rows]))
    for place, row in enumerate(rows):
        fault, _ = judge(row)
        said = [one.reason for one in found.get(place, ()) if one.reason != "duplicate"]
        assert said[:1] == ([fault[0]] if fault else [])


FRAMES = {table.id: pandera.translate(table, SETTINGS) for table in TABLES}
