"""Which engine holds which check, from what each engine says that it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import Untranslated
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import great_expectations, json_schema, models, pandera, postgres
from streamflow.contracts.engines.judge import Judge

SETTINGS = {"base_currency": "USD"}
"""For the checks that compare with a setting; which currency it is changes no page."""

Held = Literal["yes", "in part", "no"]


@dataclass(frozen=True)
class Enforcement:
    """What the engines of one dataset hold.

    Attributes:
        engines: Their names, in the order in which a purchase meets them.
        left: By engine and id of a check, what it leaves out.
    """

    engines: tuple[str, ...]
    left: Mapping[str, Mapping[str, Untranslated]]

    def held(self, engine: str, check_id: str) -> tuple[Held, str]:
        """Return whether an engine holds a check, and why not or not wholly."""
        left = self.left[engine].get(check_id)
        if left is None:
            return "yes", ""
        return ("in part" if left.partly else "no"), left.reason


def enforcement(dataset: Dataset, catalogue: Catalogue, of_models: Iterable[Untranslated]) -> Enforcement:
    """Ask the engines of one dataset what they leave out.

    Args:
        dataset: Any dataset.
        catalogue: Where its references lead.
        of_models: What the event models of all datasets leave out.
    """
    engines: dict[str, Iterable[Untranslated]] = {}
    if dataset.topic is not None and dataset.topic.payload == "opaque":
        engines["stream"] = [Untranslated(one, "the value is another topic's bytes") for one in dataset.checks]
    elif dataset.layer in ("events", "reference"):
        engines["stream"] = Judge(dataset, SETTINGS, catalogue.by_id).untranslated
        engines["event model"] = of_models
        engines["JSON Schema"] = json_schema.translate(dataset, catalogue.by_id).untranslated
    engines["Pandera"] = pandera.untranslated(dataset, SETTINGS)
    if dataset.layer in ("bronze", "silver", "gold"):
        engines["Great Expectations"] = great_expectations.translate(dataset).untranslated
        engines["PostgreSQL"] = postgres.translate(dataset).untranslated
    return Enforcement(tuple(engines), {name: {one.check.id: one for one in left} for name, left in engines.items()})


def models_leave_out(catalogue: Catalogue) -> list[Untranslated]:
    """Return what the event models of all datasets leave out."""
    return models.render(catalogue).untranslated
