"""Compiling the contracts into files that are committed: names, event models and the topics' JSON Schemas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.checks import Untranslated
from streamflow.contracts.constraints import FOLDER, TABLE_LAYERS, missing
from streamflow.contracts.engines import great_expectations, json_schema, models, names, pandera, postgres

NAMES = "streamflow/contracts/names.py"
MODELS = "streamflow/events/models.py"
MEND = "streamflow contracts build"


@dataclass(frozen=True)
class Artefact:
    """A file that is generated.

    Attributes:
        path: Below the root of the checkout.
        text: What it must hold.
    """

    path: str
    text: str


@dataclass(frozen=True)
class Build:
    """Everything that the contracts compile into.

    Attributes:
        artefacts: Generated files.
        untranslated: By engine, the checks that it cannot express.
    """

    artefacts: tuple[Artefact, ...]
    untranslated: dict[str, tuple[Untranslated, ...]]


def compile_all(catalogue: Catalogue) -> Build:
    """Compile every contract for every engine, writing nothing.

    Raises:
        InputError: A contract is wrong.
    """
    from streamflow.contracts.engines.record import build_validator

    generated = models.render(catalogue)
    tables = [d for layer in TABLE_LAYERS for d in catalogue.datasets(layer)]
    topics = [d for d in catalogue.datasets("events") if d.topic is not None and d.topic.payload == "json"]
    schemas = [(topic, json_schema.translate(topic, catalogue.by_id)) for topic in topics]
    untranslated = {
        "record": build_validator(catalogue, "USD").untranslated,
        "models": tuple(generated.untranslated),
        "json_schema": tuple(u for _, schema in schemas for u in schema.untranslated),
        "pandera": tuple(u for d in catalogue.datasets() for u in pandera.untranslated(d)),
        "great_expectations": tuple(u for t in tables for u in great_expectations.translate(t).untranslated),
        "postgres": tuple(u for t in tables for u in postgres.translate(t).untranslated),
    }
    artefacts = (
        Artefact(NAMES, names.render(catalogue)),
        Artefact(MODELS, generated.text),
        *(Artefact(json_schema.artefact_path(topic), schema.text()) for topic, schema in schemas),
    )
    return Build(artefacts, untranslated)


def unmigrated(catalogue: Catalogue, root: Path) -> list[str]:
    """Return one sentence for each table whose newest contract wants CHECKs that no migration makes.

    Args:
        catalogue: The contracts.
        root: The checkout, whose migrations are read.
    """
    return [one.sentence() for one in missing(catalogue, root / FOLDER)]


def stale(build: Build, root: Path) -> list[str]:
    """Return the generated files that differ from what the contracts compile into."""
    return [a.path for a in build.artefacts if not (root / a.path).exists() or (root / a.path).read_text() != a.text]


def write(build: Build, root: Path) -> list[str]:
    """Write the generated files that differ; return their paths."""
    changed = stale(build, root)
    for artefact in build.artefacts:
        if artefact.path in changed:
            (root / artefact.path).parent.mkdir(parents=True, exist_ok=True)
            (root / artefact.path).write_text(artefact.text, encoding="utf-8")
    return changed
