"""Where each page lies, below the site's folder; links between pages are relative, so that files open anywhere."""

from __future__ import annotations

import re

from streamflow.contracts.subjects import CALIBRATIONS, GENERATOR, RULE_SETS

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def dataset_page(layer: str, name: str, version: str) -> str:
    """Return the page of a version of a dataset."""
    return f"datasets/{layer}/{name}/{version}.html"


def figure_page(family: str, version: str) -> str:
    """Return the page of a rule set, a world or a calibration."""
    folder = {RULE_SETS: "rule_sets", GENERATOR: "generator", CALIBRATIONS: "calibrations"}[family]
    return f"{folder}/{version}.html"


def up(page: str) -> str:
    """Return the way from a page to the site's folder: `../../../`, empty at the top."""
    return "../" * page.count("/")


def party_anchor(name: str) -> str:
    """Return the anchor of a party: `rules-publish`."""
    return _NOT_PLAIN.sub("-", name.lower()).strip("-")
