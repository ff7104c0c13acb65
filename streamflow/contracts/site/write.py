"""Rendering every page and writing the site: the same bytes for the same contracts, and old pages taken away."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamflow.contracts.catalogue import LAYERS
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.rule_sets import RuleSet
from streamflow.contracts.site.chain import status_counts
from streamflow.contracts.site.dataset_pages import LAYER_WORDS, dataset_context
from streamflow.contracts.site.figure_pages import calibration_context, generator_context, rule_set_context
from streamflow.contracts.site.links import dataset_page, figure_page, party_anchor, up
from streamflow.contracts.site.search import entries
from streamflow.contracts.site.sources import Sources
from streamflow.contracts.subjects import Subject
from streamflow.errors import EnvironmentNotReady, InputError

if TYPE_CHECKING:
    import jinja2

PAGES = "pages.txt"
"""Lists what was written, so that a later run can take away what it does not write again."""


def write_site(root: Path, out: Path) -> list[str]:
    """Write the catalogue.

    Args:
        root: The contracts folder.
        out: The folder of the site; made if missing, refused if it holds something else.

    Returns:
        The pages, as paths below `out`.

    Raises:
        InputError: A contract is wrong, or `out` holds files that are no catalogue; nothing is written then.
        EnvironmentNotReady: `out` cannot be written.
    """
    listed = out / PAGES
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not listed.is_file())):
        raise InputError(f"{out} is there already and is no catalogue; name an empty or a new folder with --out.")
    pages = render(Sources(root))
    try:
        old = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
        for name in set(old) - set(pages):
            stale = out / name
            if stale.is_file() and stale.resolve().is_relative_to(out.resolve()):
                stale.unlink()
        for name, text in pages.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        listed.write_text("".join(f"{name}\n" for name in pages), encoding="utf-8")
    except OSError as error:
        raise EnvironmentNotReady(f"{out} cannot be written: {error.strerror or error}.") from error
    return list(pages)


def render(sources: Sources) -> dict[str, str]:
    """Return every page by its path.

    Args:
        sources: What the pages are made from.

    Raises:
        InputError: A contract is wrong.
    """
    pages: dict[str, tuple[str, dict[str, Any]]] = {}
    datasets = [one for layer in LAYERS for one in sources.catalogue.datasets(layer)]
    for dataset in datasets:
        page = dataset_page(dataset.layer, dataset.name, dataset.version)
        pages[page] = ("dataset.html.j2", dataset_context(dataset, sources))
    for subject in sources.rule_sets:
        pages[figure_page(subject.family, subject.version)] = ("rule_set.html.j2", rule_set_context(subject, sources))
    for subject in sources.worlds:
        pages[figure_page(subject.family, subject.version)] = ("generator.html.j2", generator_context(subject, sources))
    for subject in sources.calibrations:
        page = figure_page(subject.family, subject.version)
        pages[page] = ("calibration.html.j2", calibration_context(subject, sources))
    pages["parties.html"] = ("parties.html.j2", {"parties": _parties(sources)})
    pages["index.html"] = ("index.html.j2", _index(sources, datasets))
    environment = _environment()
    shared = {"build": _build(sources), "anchor": party_anchor, "dataset_page": dataset_page}
    return {
        page: environment.get_template(template).render(up=up(page), **shared, **context)
        for page, (template, context) in pages.items()
    }


def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _build(sources: Sources) -> str:
    """Return a short hash over everything that the site shows."""
    digest = hashlib.sha256()
    for name, subject in sorted(sources.subjects.items()):
        digest.update(f"{name}:{subject.sha256};".encode())
    return digest.hexdigest()[:12]


def _parties(sources: Sources) -> list[dict[str, Any]]:
    """Return who writes and reads what, by name, of the newest versions."""
    newest = list(sources.catalogue.newest())
    names = sorted({name for one in newest for name in (*one.producers, *one.consumers)})
    return [
        {
            "name": name,
            "writes": [one for one in newest if name in one.producers],
            "reads": [one for one in newest if name in one.consumers],
        }
        for name in names
    ]


def _index(sources: Sources, datasets: list[Dataset]) -> dict[str, Any]:
    newest = {layer: list(sources.catalogue.newest(layer)) for layer in LAYERS}
    shown = [one for found in newest.values() for one in found]
    return {
        "layers": [{"name": layer, "words": LAYER_WORDS[layer], "datasets": newest[layer]} for layer in LAYERS],
        "versions_of": {
            (one.layer, one.name): tuple(reversed(sources.catalogue.versions(one.layer, one.name))) for one in datasets
        },
        "tiles": [
            (len(shown), "datasets"),
            (sum(len(one.columns) for one in shown), "columns"),
            (sum(len(one.checks) for one in shown), "checks"),
            (len(sources.rule_sets), "rule sets"),
            (len(sources.worlds), "generator versions"),
            (len(sources.calibrations), "calibrations"),
        ],
        "rule_sets": [{"subject": one, "counts": _rule_counts(one)} for one in sources.rule_sets],
        "worlds": [{"subject": one, "counts": generator_context(one, sources)["counts"]} for one in sources.worlds],
        "calibrations": [
            {"subject": one, "counts": one.content.by_status()}  # type: ignore[union-attr]
            for one in sources.calibrations
        ],
        "entries": entries(sources, shown, [party["name"] for party in _parties(sources)]),
        "figure_page": figure_page,
    }


def _rule_counts(subject: Subject) -> dict[str, int]:
    if not isinstance(subject.content, RuleSet):
        raise TypeError(f"{subject.id} is no rule set")
    bands = [band.status for _, _, measure in subject.content.measures() for band in measure.bands]
    return status_counts([*bands, subject.content.prior_status, subject.content.alert_threshold_status])
