"""What the tests of the catalogue share: contracts with two majors and a calibrated rule set, rendered once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from streamflow.contracts.calibrations import Calibration, Figure, Notebook, Source, new_calibration
from streamflow.contracts.catalogue import SUFFIX
from streamflow.contracts.proposals import read_proposal
from streamflow.contracts.releasing import release, release_proposal
from tests.unit.contracts_versions.test_two_majors import NEW, second_major
from tests.unit.contracts_versions.version_cases import (
    RAW,
    by,
    checkout,
    contract_text,
    generator_text,
    put,
    put_calibration,
    rule_set_text,
    swap,
)

FILE_HASH = "cd34" * 16
SEED_BAND = "          - {id: from_6, at_least: 6, weight_ulo: 4595120, n: null, interval: null, status: assumed}\n"
BANDS = ((5, 1_200_000, 900_000, 1_500_000), (12, 3_900_000, 3_100_000, 4_700_000))


def _figures() -> dict[str, Figure]:
    found = {
        "amounts.median": Figure(
            value=22.0, unit="major", status="measured", method="median", source="rows", n=284807, interval=[21.9, 22.1]
        ),
    }
    for at, weight, low, high in BANDS:
        found[f"rules.velocity.purchases.from_{at}.weight_ulo"] = Figure(
            value=weight,
            unit="micro log-odds",
            status="simulated",
            method="joint logistic fit, ridge 0.3",
            source="run",
            n=20000,
            interval=[low, high],
            reason="the file has no customer column",
        )
    return found


def calibrated() -> Calibration:
    """Return a calibration of a file without customers."""
    return new_calibration(
        dataset="ulb",
        rule_set="1.1.0",
        generator="1.1.0",
        package="0.1.0",
        notebook=Notebook(path="notebooks/calibrate.ipynb", sha256="ab12" * 16, parameters={"budget": 100, "seed": 7}),
        sources={
            "rows": Source(kind="file", name="creditcard.csv", sha256=FILE_HASH, rows=284807),
            "run": Source(kind="generator", name="run of generator 1.0.0", sha256="ef56" * 16, rows=200000),
        },
        figures=_figures(),
    )


def rich_contracts(root: Path) -> Path:
    """Return contracts with transactions.raw 2.0.0, a calibration, and the rule set and world that name it."""
    folder = checkout(root)
    put(folder, f"{RAW}/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", second_major))
    put(folder, f"{RAW}/examples/2.0.0/valid/full.json", json.dumps(NEW))
    wrong = {"reason": "missing_field", "record": {k: v for k, v in NEW.items() if k != "seller_id"}}
    put(folder, f"{RAW}/examples/2.0.0/invalid/seller_missing.json", json.dumps(wrong))
    release(folder, [])
    proposal = root / "proposal"
    id_ = put_calibration(proposal, calibrated())
    bands = "".join(
        f"          - {{id: from_{at}, at_least: {at}, weight_ulo: {weight}, n: 20000, interval: [{low}, {high}], "
        f"status: simulated}}\n"
        for at, weight, low, high in BANDS
    )
    put(proposal, "fraud_rules/1.1.0.yaml", rule_set_text("1.1.0", lambda text: swap(SEED_BAND, bands)(by(id_)(text))))
    faster = swap("purchases_per_day: {value: 4.0", "purchases_per_day: {value: 5.0")
    named = swap("figures:", f"calibration: {id_}\nfigures:")
    put(proposal, "generator/1.1.0.yaml", generator_text("1.1.0", lambda text: faster(named(text))))
    release_proposal(folder, read_proposal(proposal))
    return folder


@dataclass
class Page(HTMLParser):
    """What a page refers to, and what it shows.

    Attributes:
        links: Every href.
        sources: Every src.
        ids: Every id.
        opened: Names of elements in the order in which they open.
        text: What is read.
    """

    links: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, sources and ids."""
        self.opened.append(tag)
        for name, value in attrs:
            target = {"href": self.links, "src": self.sources, "id": self.ids}.get(name)
            if target is not None and value is not None:
                target.append(value)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)


def read_pages(folder: Path) -> dict[str, Page]:
    """Parse every page of a site."""
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        page = Page()
        page.feed(path.read_text(encoding="utf-8"))
        pages[path.relative_to(folder).as_posix()] = page
    return pages


def values_of(value: object) -> Iterator[object]:
    """Yield every scalar inside a value."""
    if isinstance(value, dict):
        for one in value.values():
            yield from values_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from values_of(one)
    else:
        yield value
