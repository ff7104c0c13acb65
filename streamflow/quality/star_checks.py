"""Referential integrity of the star: every key exists, every version is the one in force, every guess is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamflow.quality.compare import Side, compare
from streamflow.quality.report import Check
from streamflow.quality.statements import statement
from streamflow.quality.table_checks import MEMBERS, Layers, attribute_columns, members_in

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from streamflow.contracts import Catalogue
    from streamflow.settings import Settings


def check_star(settings: Settings, layers: Layers, catalogue: Catalogue) -> list[Check]:
    """Run every check of the star schema.

    Args:
        settings: Says where the SQL is.
        layers: Connections to the three databases.
        catalogue: The contracts, for the columns of the histories.

    Returns:
        The checks: two for the star as a whole and four a dimension.
    """
    checks = [
        _none(
            layers,
            "star_has_no_orphans",
            statement(settings, "star_orphans"),
            "facts point to a key that its dimension lacks",
            "Every key of every fact exists in its dimension",
        ),
        _none(
            layers,
            "star_has_its_zero_rows",
            statement(settings, "star_not_supplied"),
            "dimensions lack the row 0, 'not supplied'",
            "Every dimension has its row 0, 'not supplied'",
        ),
    ]
    for table, entity in MEMBERS.items():
        checks.extend(_dimension(settings, layers, catalogue, table, entity))
    return checks


def _dimension(settings: Settings, layers: Layers, catalogue: Catalogue, table: str, entity: str) -> list[Check]:
    from psycopg.sql import SQL, Identifier

    name = f"dim_{entity}"
    parts = {
        "dimension": SQL("{}").format(Identifier("gold", name)),
        "table": SQL("{}").format(Identifier("gold", name)),
        "surrogate": SQL("{}").format(Identifier(f"{entity}_key")),
        "member": SQL("{}").format(Identifier(f"{entity}_id")),
    }
    columns = attribute_columns(catalogue, table)
    difference = compare(
        settings,
        Side(layers.silver, members_in(settings, f"silver.{table}", columns)),
        Side(layers.gold, members_in(settings, f"gold.{name}", columns, known="is_inferred")),
    )
    return [
        Check(
            f"{name}_equals_silver",
            difference.equal,
            difference.observed,
            difference.expected,
            f"The {difference.observed} known versions of gold.{name} equal silver.{table}."
            if difference.equal
            else f"gold.{name} differs from silver.{table}: {difference.missing} versions missing or different, "
            f"{difference.extra} not expected; the first is {difference.first}.",
        ),
        _none(
            layers,
            f"{name}_versions_in_force",
            statement(settings, "star_versions", **parts),
            f"facts point to a version of their {entity} that was not in force",
            f"Every fact points to the version of its {entity} that was in force",
        ),
        _none(
            layers,
            f"{name}_history_is_whole",
            statement(settings, "star_history", **parts),
            f"versions in gold.{name} overlap or leave a gap",
            f"The versions of every {entity} follow each other without gap or overlap",
        ),
        _none(
            layers,
            f"{name}_guesses_are_needed",
            statement(settings, "star_inferred", **parts),
            f"inferred members of gold.{name} are used by no fact",
            f"Every inferred {entity} is used by a fact",
        ),
    ]


def _none(layers: Layers, name: str, query: Composed, wrong: str, right: str) -> Check:
    count, first = layers.gold.execute(query).fetchone() or (0, None)
    return Check(name, count == 0, count, 0, f"{count} {wrong}; the first is {first}." if count else f"{right}.")
