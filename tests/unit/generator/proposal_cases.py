"""Proposals and what they are tried on: a small file, the fields that were found, the file carried through."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.generator.mapping import load_mapping
from streamflow.generator.mapping_check import MappingCheck, check_mapping
from streamflow.generator.suggestion.page import mapping_text
from streamflow.generator.suggestion.proposal import Proposal
from tests.unit.generator.worlds import CONTRACTS

CATALOGUE = Catalogue.load(CONTRACTS)
CONTRACT = CATALOGUE.topic(TRANSACTIONS_RAW)


@cache
def validator(currency: str) -> Validator:
    """Return the platform's validator."""
    return build_validator(CATALOGUE, currency)


def carried(path: Path, proposal: Proposal) -> MappingCheck:
    """Write a proposal beside its file, load it, and carry the file through."""
    target = path.with_suffix(".yaml")
    target.write_text(mapping_text(proposal), encoding="utf-8")
    return check_mapping(path, load_mapping(target, CONTRACT), validator(proposal.base_currency or "USD"))


def sources(proposal: Proposal) -> dict[str, Any]:
    """Return where each field comes from: a column, a template, or a constant."""
    return {
        line.field: line.spec.get("column") or line.spec.get("template") or line.spec.get("constant") or "#"
        for line in proposal.lines
    }


def of(folder: Path, columns: str, rows: list[list[str]], name: str = "own.csv") -> Path:
    """Write a small file."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *rows])
    return path
