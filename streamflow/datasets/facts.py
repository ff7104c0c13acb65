"""What is published about the two Kaggle files: counts to hold a download against, and anchored figures."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from streamflow.contracts.calibrations import Figure, Source
from streamflow.contracts.rule_sets import Part
from streamflow.contracts.strict import convert, read_yaml
from streamflow.errors import InputError, nearest

FOLDER = Path(__file__).parent / "published"
DATASETS = ("ulb", "ieee_cis")
_SPAN = re.compile(r"^(?P<stem>[A-Za-z_]+)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)$")


class FileFacts(Part, frozen=True):
    """One file of a dataset.

    Attributes:
        name: As Kaggle names it.
        rows: Rows of data.
        columns: Its columns in order; `V1..V28` stands for all from V1 to V28.
        fraud: Rows labelled fraud; None where the file has no label.
        duplicates: Rows that repeat an earlier one in every column; None where that is not published.
    """

    name: str
    rows: Annotated[int, Meta(ge=1)]
    columns: Annotated[tuple[str, ...], Meta(min_length=1)]
    fraud: int | None = None
    duplicates: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns in order, spans written out."""
        written: list[str] = []
        for column in self.columns:
            span = _SPAN.match(column)
            if span is None:
                written.append(column)
                continue
            first, last = span["first"], span["last"]
            written += [f"{span['stem']}{n:0{len(first)}}" for n in range(int(first), int(last) + 1)]
        return tuple(written)


class Published(Part, frozen=True):
    """A publication."""

    name: str
    where: str


class Fact(Part, frozen=True):
    """One published figure."""

    value: Any
    unit: str
    source: str
    method: str = "published by those who have the file"


class Facts(Part, frozen=True):
    """Everything published about one dataset.

    Attributes:
        dataset: ulb or ieee_cis.
        title: Its full name.
        kaggle: Whether Kaggle offers it as a dataset or as the data of a competition.
        slug: Its name in Kaggle's addresses.
        page: Where to download it by hand.
        archive: Name of the zip file that the page gives.
        licence: What one may do with it.
        currency: Of its amounts.
        files: Its files that StreamFlow reads; the labelled purchases first.
        sources: Publications by key.
        figures: By path.
    """

    dataset: Literal["ulb", "ieee_cis"]
    title: str
    kaggle: Literal["dataset", "competition"]
    slug: str
    page: str
    archive: str
    licence: str
    currency: str
    files: Annotated[tuple[FileFacts, ...], Meta(min_length=1)]
    sources: dict[str, Published]
    figures: dict[str, Fact]

    def __post_init__(self) -> None:
        """A figure names a publication that is listed."""
        for path, fact in self.figures.items():
            if fact.source not in self.sources:
                raise ValueError(f"the figure '{path}' names the source '{fact.source}', which is not listed")


def dataset_named(name: str) -> str:
    """Return the dataset of a name as people write it: `ieee-cis` is ieee_cis.

    Raises:
        InputError: There is none of that name.
    """
    plain = name.lower().replace("-", "_")
    if plain not in DATASETS:
        raise InputError(f"There is no dataset '{name}'; {nearest(plain, DATASETS)}")
    return plain


@cache
def facts(dataset: str) -> Facts:
    """Return what is published about a dataset.

    Raises:
        InputError: There is no such dataset.
    """
    return convert(read_yaml(FOLDER / f"{dataset_named(dataset)}.yaml"), Facts)


def anchor_sources(dataset: str) -> dict[str, Source]:
    """Return the publications as sources of a calibration, by the keys that `anchors` names."""
    return {
        key: Source(kind="publication", name=published.name, detail=published.where)
        for key, published in facts(dataset).sources.items()
    }


def anchors(dataset: str) -> dict[str, Figure]:
    """Return the published figures as anchored figures, by path; their sources are those of `anchor_sources`.

    Raises:
        InputError: There is no such dataset.
    """
    known = facts(dataset)
    return {
        path: Figure(
            value=fact.value,
            unit=fact.unit,
            status="anchored",
            method=fact.method,
            source=fact.source,
            reason="published, not measured here: run the profile on the file itself to measure it",
        )
        for path, fact in known.figures.items()
    }
