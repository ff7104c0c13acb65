"""The benchmark of engines that judge one record: every line does the work that it names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamflow.bench import contract_engines as bench
from streamflow.contracts import Catalogue
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.events.models import MODELS
from streamflow.settings import load_settings

SETTINGS = load_settings()
AROUND = bench.Around(Catalogue.load(SETTINGS.contracts_dir).topic(TRANSACTIONS_RAW), SETTINGS.base_currency)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def sent() -> bench.Sent:
    """Return one generated purchase."""
    return bench.purchases(SETTINGS, 50)[0]


def test_every_engine_judges_the_same_records() -> None:
    """Six lines, each with a time, all but the baseline held against the plain model."""
    section = bench.per_record(SETTINGS, count=100, runs=1)
    lines = {measure.name: measure for measure in section.measures}
    assert len(lines) == 6
    assert all(len(one.runs) == 1 and one.runs[0] > 0 for one in lines.values())
    assert {one.baseline for name, one in lines.items() if name != bench.PYDANTIC} == {bench.PYDANTIC}


def test_what_is_added_to_the_model_refuses_what_the_validator_refuses(sent: bench.Sent) -> None:
    """Key, window on both sides, currency, and a key that stands twice."""
    event = MODELS[TRANSACTIONS_RAW].model_validate_json(sent.body)
    twice = sent.body[:-1] + b',"quantity":1}'
    unknown = event.model_copy(update={"currency": "XXX"})
    assert AROUND.holds(sent, event)
    assert not AROUND.holds(replace(sent, key=b"another"), event)
    assert not AROUND.holds(replace(sent, time_ms=sent.time_ms + 8 * DAY_MS), event)
    assert not AROUND.holds(replace(sent, time_ms=sent.time_ms - DAY_MS), event)
    assert not AROUND.holds(sent, unknown)
    assert not AROUND.holds(replace(sent, body=twice), MODELS[TRANSACTIONS_RAW].model_validate_json(twice))
