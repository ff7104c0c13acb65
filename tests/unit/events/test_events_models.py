"""Generated event models accept exactly the records that the stream accepts."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from streamflow.contracts import Catalogue
from streamflow.contracts.examples import example_files
from streamflow.contracts.names import REFERENCE_RAW, SOURCE_TOPICS
from streamflow.events import models
from streamflow.events.models import MODELS, EventsRaw, TransactionsRaw
from streamflow.settings import load_settings

CATALOGUE = Catalogue.load(load_settings().contracts_dir)
# What lies outside one record: key, clock, settings, the text itself, and the contract that another field names.
OUTSIDE = {"key_mismatch", "event_time_out_of_range", "unsupported_currency", "unknown_schema_version"}


def test_there_is_a_model_for_every_topic_that_carries_records() -> None:
    """Seven topics; dead letters carry other topics' bytes."""
    assert set(MODELS) == set(SOURCE_TOPICS)
    assert len(MODELS) == 7


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
def test_a_model_agrees_with_the_stream_on_every_example(topic: str) -> None:
    """Valid ones are read and written back unchanged; invalid ones are refused."""
    dataset = CATALOGUE.topic(topic)
    valid = [json.loads(path.read_text()) for path in example_files(dataset, "valid")]
    invalid = [json.loads(path.read_text()) for path in example_files(dataset, "invalid")]
    refused = [one["record"] for one in invalid if one["reason"] not in OUTSIDE and "record" in one]
    if topic == REFERENCE_RAW:
        refused = [one for one in refused if one["entity"] == "supplier" or isinstance(one["attributes"], str)]
    for record in valid:
        present = {name: value for name, value in record.items() if value is not None}
        assert (
            MODELS[topic].model_validate(record).wire().items()
            >= {name: value for name, value in present.items() if not isinstance(value, dict | list)}.items()
        )
    for record in refused:
        with pytest.raises(ValidationError):
            MODELS[topic].model_validate(record)
    assert valid
    assert refused


@pytest.mark.parametrize("name", ["customers", "stores", "products"])
def test_attributes_have_models_of_their_own(name: str) -> None:
    """Reference tables are typed like topics."""
    model = getattr(models, f"{name.capitalize()}Attributes")
    dataset = CATALOGUE.dataset("reference", name)
    for path in example_files(dataset, "valid"):
        model.model_validate(json.loads(path.read_text()))
    for path in example_files(dataset, "invalid"):
        with pytest.raises(ValidationError):
            model.model_validate(json.loads(path.read_text())["record"])


def test_types_are_never_coerced() -> None:
    """Text is no number and 1.0 is no integer, as in the stream."""
    record = json.loads((CATALOGUE.topic("transactions.raw").path.parent / "examples/valid/full.json").read_text())
    assert TransactionsRaw.model_validate(record).amount_minor == 1999
    for value in ("1999", 1999.0, True):
        with pytest.raises(ValidationError):
            TransactionsRaw.model_validate({**record, "amount_minor": value})


def test_unknown_fields_are_kept() -> None:
    """As the stream keeps them."""
    event = EventsRaw.model_validate(
        {
            "schema_version": "1.0.0",
            "event_id": "e-1",
            "customer_id": "c-1",
            "event_type": "login",
            "event_timestamp": "2026-03-01T09:15:02Z",
            "browser": "lynx",
        }
    )
    assert event.wire()["browser"] == "lynx"
    assert "page" not in event.wire()
