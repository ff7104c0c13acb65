"""CHECKs of tables: what the numbered migrations give them, and what their contracts want beyond that.

Read from the files alone, so that a changed bound is found without a database. A migration gives a CHECK by a line
`ADD CONSTRAINT name CHECK (expression)` under its `ALTER TABLE`, and takes one away by `DROP CONSTRAINT name`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.engines.postgres import alterations, translate

TABLE_LAYERS: Final = ("bronze", "silver", "gold")
FOLDER: Final = "sql/migrations"

_ALTER = re.compile(r"^ALTER TABLE ([a-z0-9_]+\.[a-z0-9_]+)")
_ADD = re.compile(r"\bADD CONSTRAINT ([a-z0-9_]+) CHECK \((.*)\)[,;]$")
_DROP = re.compile(r"\bDROP CONSTRAINT (?:IF EXISTS )?([a-z0-9_]+)[,;]$")


@dataclass(frozen=True, slots=True)
class Alteration:
    """What one table lacks.

    Attributes:
        dataset: Id of its contract.
        layer: Folder of migrations that the change belongs into.
        table: Name with schema.
        parts: Parts of one ALTER TABLE.
    """

    dataset: str
    layer: str
    table: str
    parts: tuple[str, ...]

    def statement(self) -> str:
        """Return the statement as PostgreSQL takes it, one part a line."""
        return f"ALTER TABLE {self.table}\n    " + ",\n    ".join(self.parts) + ";"

    def sentence(self) -> str:
        """Say what is missing and where it belongs."""
        return (
            f"The contract {self.dataset} wants {len(self.parts)} changes of CHECKs that no migration makes; "
            f"write them into a new file in {FOLDER}/{self.layer}, with braces doubled: {self.statement()}"
        )


def held(folder: Path) -> dict[str, dict[str, str]]:
    """Return the CHECKs that the migrations of a folder leave tables with.

    Args:
        folder: Of one layer; files are read in the order of their names.

    Returns:
        By table, expressions by name. CHECKs without a name of their own are not seen.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        table = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            begins = _ALTER.match(line)
            table = begins[1] if begins else table
            adds, drops = _ADD.search(line), _DROP.search(line)
            if adds:
                found.setdefault(table, {})[adds[1]] = adds[2].replace("{{", "{").replace("}}", "}")
            elif drops:
                found.setdefault(table, {}).pop(drops[1], None)
    return found


def missing(catalogue: Catalogue, migrations: Path) -> tuple[Alteration, ...]:
    """Return what the tables lack of the CHECKs of their newest contracts.

    Args:
        catalogue: The contracts.
        migrations: The folder that has one folder a layer.
    """
    lacking = []
    for layer in TABLE_LAYERS:
        given = held(migrations / layer)
        names = dict.fromkeys(dataset.name for dataset in catalogue.datasets(layer))
        for dataset in (catalogue.latest(layer, name) for name in names):
            parts = alterations(translate(dataset), given.get(dataset.table, {}))
            if parts:
                lacking.append(Alteration(dataset.id, layer, dataset.table, parts))
    return tuple(lacking)


def migration(purpose: str, grain: str, lacking: Sequence[Alteration]) -> str:
    """Return the text of a migration that makes up for what tables lack.

    Args:
        purpose: What stands after `Purpose:`.
        grain: What stands after `Grain:`.
        lacking: Alterations of tables of one layer.
    """
    statements = [one.statement().replace("{", "{{").replace("}", "}}") for one in lacking]
    return "\n\n".join([f"-- Purpose: {purpose}\n-- Grain:   {grain}", *statements]) + "\n"
