"""The catalogue as a site: complete, offline, the same bytes each time, and without personal values."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.examples import example_files
from streamflow.contracts.site import write_site
from streamflow.contracts.site.masking import MASK, masked
from streamflow.contracts.site.write import PAGES
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import PURCHASE, SMALL, catalogue
from tests.unit.contracts.test_contracts_cli import contracts as command
from tests.unit.contracts_site.site_cases import FILE_HASH, Page, calibrated, read_pages, rich_contracts, values_of
from tests.unit.contracts_versions.version_cases import RAW, put, tree


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return contracts with two majors of a topic and a calibrated rule set."""
    return rich_contracts(tmp_path_factory.mktemp("contracts"))


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return their catalogue."""
    out = tmp_path_factory.mktemp("site")
    write_site(folder, out)
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Return its pages."""
    return read_pages(site)


def words(page: Page) -> str:
    """Return what a page says, in one line."""
    return " ".join(" ".join(page.text).split())


def test_every_version_of_everything_has_a_page(folder: Path, pages: dict[str, Page]) -> None:
    """Every contract, two rule sets, two worlds, a calibration, the index and who writes what."""
    kinds = {kind: sum(name.startswith(kind) for name in pages) for kind in ("datasets/", "rule_sets/", "generator/")}
    contracts = len(list(folder.glob("*/*/*.odcs.yaml")))
    assert contracts >= 38
    assert kinds == {"datasets/": contracts, "rule_sets/": 2, "generator/": 2}
    assert f"calibrations/{calibrated().id}.html" in pages
    assert len(pages) == contracts + 2 + 2 + 1 + 2


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site: Path, pages: dict[str, Page]) -> None:
    """Relative links only, so that the site opens from a folder."""
    followed = 0
    for name, page in pages.items():
        assert len(set(page.ids)) == len(page.ids), name
        for link in page.links:
            path, _, anchor = link.partition("#")
            target = os.path.normpath(Path(name).parent / path) if path else name
            assert target in pages, f"{name}: {link}"
            assert not anchor or anchor in pages[target].ids, f"{name}: {link}"
            followed += 1
    assert followed > 700


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    """No network, no other file: style and script stand in each page."""
    for name, page in pages.items():
        assert page.sources == [], name
        assert "link" not in page.opened, name
        text = (site / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|@import|url\((?!#)", text), name
    assert len(pages) > 40


def test_the_search_finds_every_dataset_column_and_figure_where_it_is(site: Path, pages: dict[str, Page]) -> None:
    """The index carries its own list; each entry leads to a place that is there."""
    text = (site / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="entries">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    entries = json.loads(found[1])
    kinds = {kind: sum(one["kind"] == kind for one in entries) for kind in ("dataset", "column", "figure", "measure")}
    assert kinds["dataset"] == 39
    assert kinds["column"] > 450
    assert kinds["figure"] > 60
    assert kinds["measure"] == 8
    for one in entries:
        page, _, anchor = one["href"].partition("#")
        assert not anchor or anchor in pages[page].ids, one


def test_the_page_of_a_dataset_says_what_a_reader_asks_first(pages: dict[str, Page]) -> None:
    """Columns with unit and class, checks in words, who writes and reads, promises, versions and their difference."""
    said = words(pages[f"datasets/{RAW}/2.0.0.html"])
    for part in (
        "amount_minor integer minor yes internal Amount in minor units of the currency.",
        "from 1 to 10,000,000,000",
        "is one of web, app, in_store, phone",
        "event-time window 604,800 s before to 300 s after the Kafka timestamp",
        "latency, promised 2 s",
        "Owner: streamflow",
        "merchant_id: renamed to seller_id, as it seems",
        "consumers: device_id is no longer there to read",
        "The first version.",
    ):
        assert part in said, part
    page = pages[f"datasets/{RAW}/2.0.0.html"]
    assert "../../../parties.html#fraud-detector" in page.links
    assert page.opened.count("svg") == 1


def test_each_check_stands_with_every_engine_and_a_reason_where_one_does_not_hold_it(pages: dict[str, Page]) -> None:
    """As many rows as checks; "no" and "in part" have a note."""
    gold = catalogue().latest("gold", "fact_transactions")
    said = words(pages["datasets/gold/fact_transactions/1.0.0.html"])
    assert "severity Pandera Great Expectations PostgreSQL" in said
    assert said.count(" error ") >= len(gold.checks)
    assert "Great Expectations: the table's own column type holds it" in said
    raw = words(pages[f"datasets/{RAW}/1.0.0.html"])
    assert "severity stream event model JSON Schema Pandera" in raw
    assert "stream: one record cannot show that a value is unique." in raw


def test_a_threshold_leads_to_calibration_notebook_rows_and_interval(pages: dict[str, Page]) -> None:
    """The whole chain is on the rule set's page; where there is none, the page says so."""
    said = words(pages["rule_sets/1.1.0.html"])
    id_ = calibrated().id
    for part in (
        f"calibration {id_} of ulb",
        "notebook notebooks/calibrate.ipynb code ab12ab12ab12; budget 100, seed 7",
        f"creditcard.csv (file, 284,807 rows, sha256 {FILE_HASH[:12]})",
        "from_5. weight_ulo simulated run of generator 1.0.0 (generator, 200,000 rows, sha256 ef56ef56ef56)",
        "[900000, 1500000] 20,000",
        "0.900 to 1.500",
    ):
        assert part in said, part
    assert f"../calibrations/{id_}.html" in pages["rule_sets/1.1.0.html"].links
    assert "No calibration: every figure is assumed, and says so." in words(pages["rule_sets/1.0.0.html"])
    calibration = words(pages[f"calibrations/{id_}.html"])
    assert "Named by: fraud_rules/1.1.0 , generator/1.1.0" in calibration
    assert FILE_HASH in calibration


def test_personal_values_of_examples_are_never_shown(folder: Path, site: Path) -> None:
    """Every value of a personal column that an example holds is looked for in that dataset's page."""
    looked = 0
    for dataset in Catalogue.load(folder).datasets():
        text = (site / "datasets" / dataset.layer / dataset.name / f"{dataset.version}.html").read_text()
        text = text[text.index('id="examples"') : text.index("<footer>")]
        hidden = _personal_values(dataset)
        looked += len(hidden)
        assert not [value for value in hidden if value in text], dataset.id
    assert looked > 100


def _personal_values(dataset: Dataset) -> set[str]:
    """Return texts of personal columns in the examples that no other column holds as well."""
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for kind in ("valid", "invalid"):
        for path in example_files(dataset, kind):
            found = json.loads(path.read_text())
            record = found if kind == "valid" else found.get("record")
            for name, value in record.items() if isinstance(record, dict) else ():
                texts = {one for one in values_of(value) if isinstance(one, str) and len(one) > 6}
                sides[name in dataset.personal] |= texts
    return {one for one in sides[True] if not any(one in other for other in sides[False])}


def test_masking_keeps_the_form_and_hides_what_is_personal_or_unknown() -> None:
    """Nested parts are judged by themselves; what no contract describes is hidden."""
    dataset = catalogue().topic("transactions.raw")
    shown = masked({**PURCHASE, "nickname": "Bo", "store_id": None}, dataset.columns)
    hidden = {name for name, value in shown.items() if value == MASK}
    assert hidden == {"customer_id", "card_id", "device_id", "latitude", "longitude", "nickname"}
    assert shown["amount_minor"] == 1999
    assert shown["store_id"] is None


def test_the_same_contracts_give_the_same_bytes(folder: Path, site: Path, tmp_path: Path) -> None:
    """No date, no path of the machine, no order of chance."""
    write_site(folder, tmp_path / "again")
    assert tree(tmp_path / "again") == tree(site)
    assert not any(str(folder.parent).encode() in content for content in tree(site).values())


def test_pages_that_are_no_longer_written_are_taken_away_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    """A second run mends the site; a folder of somebody's own is refused."""
    out = tmp_path / "site"
    write_site(folder, out)
    put(out, "rule_sets/0.9.0.html", "old")
    put(out, "mine.html", "kept")
    (out / PAGES).write_text((out / PAGES).read_text() + "rule_sets/0.9.0.html\n../outside.html\n")
    put(tmp_path, "outside.html", "kept")
    write_site(folder, out)
    assert not (out / "rule_sets" / "0.9.0.html").exists()
    assert (out / "mine.html").exists()
    assert (tmp_path / "outside.html").exists()
    other = put(tmp_path / "own", "letter.txt", "kept").parent
    with pytest.raises(InputError, match="is there already and is no catalogue"):
        write_site(folder, other)
    assert list(tree(other)) == ["letter.txt"]


def test_text_of_a_contract_cannot_become_markup(tmp_path: Path) -> None:
    """A description with a script in it is shown, not run; neither does it end the list of the search."""
    bad = "</script><script>alert(1)</script>"
    folder = tmp_path / "contracts"
    put(folder, "silver/small/1.0.0.odcs.yaml", SMALL.replace("A contract for tests.", f"'{bad}'"))
    rules = catalogue().latest("events", "fraud-rules")
    put(folder, f"events/fraud-rules/{rules.version}.odcs.yaml", rules.path.read_text())
    write_site(folder, tmp_path / "site")
    for name in ("index.html", "datasets/silver/small/1.0.0.html"):
        text = (tmp_path / "site" / name).read_text()
        assert "alert(1)" in text
        assert "<script>alert" not in text


def test_every_colour_of_text_is_readable_on_its_ground_in_light_and_dark() -> None:
    """A contrast of 4.5 to 1, as the Web Content Accessibility Guidelines ask for."""
    css = Path(write_site.__code__.co_filename).with_name("templates").joinpath("style.css").read_text()
    themes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r"\{([^{}]*)\}", css)]
    themes = [theme for theme in themes if "ink" in theme]
    assert len(themes) == 3
    assert themes[1] == themes[2]
    pairs = [(text, ground) for text in ("ink", "soft", "link", "yes", "no") for ground in ("page", "card")]
    pairs += [(name, f"{name}-bg") for name in ("measured", "anchored", "simulated", "assumed", "major")]
    for theme in themes:
        for text, ground in pairs:
            assert _contrast(theme[text], theme[ground]) >= 4.5, (text, ground)


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_command_writes_the_site_and_says_where(folder: Path, tmp_path: Path) -> None:
    """Into .cache/catalogue of the checkout when nothing else is asked for."""
    done = command("site", STREAMFLOW_ROOT=str(folder.parent))
    assert done.returncode == 0, done.stderr
    contracts = len(list(folder.glob("*/*/*.odcs.yaml")))
    assert f"wrote {contracts + 7} pages; open " in done.stdout
    assert (folder.parent / ".cache" / "catalogue" / "index.html").is_file()
    refused = command("site", "--out", str(folder), STREAMFLOW_ROOT=str(folder.parent))
    assert refused.returncode == 2
    assert "is there already and is no catalogue" in refused.stderr
