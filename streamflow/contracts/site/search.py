"""What the index can be searched for: names, what each is, where its page is, and more words to find it by."""

from __future__ import annotations

from collections.abc import Iterator

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.generator_files import GeneratorFile
from streamflow.contracts.rule_sets import RuleSet
from streamflow.contracts.site.links import dataset_page, figure_page, party_anchor
from streamflow.contracts.site.sources import Sources
from streamflow.contracts.subjects import Subject

Entry = dict[str, str]


def entries(sources: Sources, datasets: list[Dataset], parties: list[str]) -> list[Entry]:
    """Return everything that can be found.

    Args:
        sources: Rule sets, generator parameters and calibrations.
        datasets: Those that are shown.
        parties: Names of who writes and reads.
    """
    found = [entry for one in datasets for entry in _of_dataset(one)]
    # What is inside is listed for the newest only: older ones say the same names again.
    for index, one in enumerate(sources.rule_sets):
        found += _of_rule_set(one, whole=index == 0)
    for index, one in enumerate(sources.worlds):
        found += _of_world(one, whole=index == 0)
    for one in sources.calibrations:
        page = figure_page(one.family, one.version)
        found.append(_entry(one.version, "calibration", page, "figures sources notebook interval"))
    found += [_entry(name, "party", f"parties.html#{party_anchor(name)}", "writes and reads") for name in parties]
    return found


def _of_dataset(one: Dataset) -> Iterator[Entry]:
    page = dataset_page(one.layer, one.name, one.version)
    yield _entry(f"{one.layer}/{one.name}", "dataset", page, one.contract.description.purpose)
    for top in one.columns:
        for column in top.walk():
            if not column.path.endswith("[]"):
                words = f"{column.description} {column.classification} {column.unit or ''}".strip()
                yield _entry(f"{one.name}.{column.path}", "column", f"{page}#{column.path}", words)


def _of_rule_set(one: Subject, *, whole: bool) -> Iterator[Entry]:
    page = figure_page(one.family, one.version)
    yield _entry(f"rule set {one.version}", "rule set", page, "thresholds, weights, bands, score")
    if whole and isinstance(one.content, RuleSet):
        for rule, name, measure in one.content.measures():
            yield _entry(f"{rule}.{name}", "measure", f"{page}#{rule}", f"in {measure.unit}, rule set {one.version}")


def _of_world(one: Subject, *, whole: bool) -> Iterator[Entry]:
    page = figure_page(one.family, one.version)
    yield _entry(f"generator {one.version}", "generator", page, "parameters of the simulated world")
    if whole and isinstance(one.content, GeneratorFile):
        for path, figure in one.content.figures.items():
            yield _entry(path, "figure", f"{page}#{path}", f"{figure.status}, generator {one.version}")


def _entry(name: str, kind: str, href: str, words: str) -> Entry:
    return {"name": name, "kind": kind, "href": href, "words": words}
