"""What the tests of versions share: a folder of contracts to change, proposals, and small changes of text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from streamflow.contracts.calibrations import Calibration, Figure, Notebook, Source, new_calibration
from streamflow.contracts.catalogue import SUFFIX
from streamflow.contracts.diff import Difference
from streamflow.contracts.released import lock_text, released_files
from streamflow.contracts.subjects import Subject, compare, read_subject
from tests.unit.contracts.contract_cases import CONTRACTS

RAW = "events/transactions.raw"
HASH = "0" * 64
Text = Callable[[str], str]


def checkout(root: Path) -> Path:
    """Copy the shipped contracts into a folder, all of them released; return its contracts folder."""
    folder = root / "contracts"
    shutil.copytree(CONTRACTS, folder)
    # As it was before the first calibration, so that a test's numbers do not depend on what was released since.
    shutil.rmtree(folder / "calibrations", ignore_errors=True)
    for family in ("fraud_rules", "generator"):
        for path in (folder / family).glob("[0-9]*.yaml"):
            if path.stem != "1.0.0":
                path.unlink()
    (folder / "released.lock").write_text(lock_text(released_files(folder)))
    return folder


def rule_set_text(version: str, change: Text = str) -> str:
    """Return the text of rule set 1.0.0 under another number, changed."""
    text = (CONTRACTS / "fraud_rules" / "1.0.0.yaml").read_text().replace("version: 1.0.0", f"version: {version}", 1)
    return change(text)


def generator_text(version: str, change: Text = str) -> str:
    """Return the text of the generator parameters 1.0.0 under another number, changed."""
    text = (CONTRACTS / "generator" / "1.0.0.yaml").read_text().replace("version: 1.0.0", f"version: {version}", 1)
    return change(text)


def contract_text(name: str, version: str, change: Text = str) -> str:
    """Return the text of version 1.0.0 of a contract under another number, changed."""
    text = (CONTRACTS / f"{name}/1.0.0{SUFFIX}").read_text().replace("version: 1.0.0", f"version: {version}", 1)
    return change(text)


def put(folder: Path, name: str, text: str) -> Path:
    """Write a file of contracts or of a proposal."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def swap(old: str, new: str) -> Text:
    """Return a change of text that must find what it replaces."""

    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


def within(column: str, old: str, new: str) -> Text:
    """Return a change of text inside the description of one column of a contract."""

    def change(text: str) -> str:
        start = text.index(f"      - name: {column}\n")
        end = text.find("      - name: ", start + 1)
        end = end if end > 0 else text.index("servers:")
        return text[:start] + swap(old, new)(text[start:end]) + text[end:]

    return change


def pair(folder: Path, family: str, old: str, new: str) -> tuple[Subject, Subject]:
    """Write two versions, 1.0.0 and 2.0.0, and read them."""
    suffix = SUFFIX if "/" in family else ".yaml"
    put(folder, f"{family}/1.0.0{suffix}", old)
    put(folder, f"{family}/2.0.0{suffix}", new)
    return read_subject(folder, f"{family}/1.0.0{suffix}"), read_subject(folder, f"{family}/2.0.0{suffix}")


def contract_difference(folder: Path, name: str, change: Text) -> Difference:
    """Return the difference between a shipped contract and itself, changed."""
    return compare(*pair(folder, name, contract_text(name, "1.0.0"), contract_text(name, "2.0.0", change)))


def rule_set_difference(folder: Path, change: Text) -> Difference:
    """Return the difference between the shipped rule set and itself, changed."""
    old, new = pair(folder, "fraud_rules", rule_set_text("1.0.0"), rule_set_text("2.0.0", change))
    return compare(old, new, ("fraud_detector",))


def generator_difference(folder: Path, change: Text) -> Difference:
    """Return the difference between the shipped generator parameters and themselves, changed."""
    return compare(*pair(folder, "generator", generator_text("1.0.0"), generator_text("2.0.0", change)))


def calibration(rule_set: str = "1.1.0", generator: str = "1.1.0", median: float = 68.77) -> Calibration:
    """Return a small calibration."""
    return new_calibration(
        dataset="tests",
        rule_set=rule_set,
        generator=generator,
        package="0.1.0",
        notebook=Notebook(path="notebooks/calibrate.ipynb", sha256=HASH, parameters={"dataset": "tests", "seed": 7}),
        sources={
            "rows": Source(kind="file", name="purchases.csv", sha256=HASH, rows=1000),
            "us": Source(kind="choice", name="the project"),
        },
        figures={
            "amounts.median": Figure(
                value=median, unit="major", status="measured", method="median", source="rows", n=1000, interval=[65, 72]
            ),
            "rules.velocity.purchases.from_6": Figure(
                value=6, unit="purchases", status="assumed", method="chosen", source="us", reason="no customer column"
            ),
        },
    )


def put_calibration(folder: Path, one: Calibration) -> str:
    """Write a calibration; return its id."""
    put(folder, f"calibrations/{one.id}.json", one.text())
    return one.id


def by(id_: str) -> Text:
    """Return a change that names a calibration in a rule set."""
    return swap("calibration: null", f"calibration: {id_}")


def proposal(
    folder: Path, version: str = "1.1.0", change: Text | None = None, one: Calibration | None = None
) -> tuple[Path, str]:
    """Write a proposal of rule set, generator parameters and their calibration; return its folder and the id."""
    id_ = put_calibration(folder, one or calibration(version, version))
    more = change or swap("at_least: 6,", "at_least: 5,")
    put(folder, f"fraud_rules/{version}.yaml", rule_set_text(version, lambda text: more(by(id_)(text))))
    faster = swap("purchases_per_day: {value: 4.0", "purchases_per_day: {value: 5.0")
    named = swap("figures:", f"calibration: {id_}\nfigures:")
    put(folder, f"generator/{version}.yaml", generator_text(version, lambda text: faster(named(text))))
    return folder, id_


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, to show that nothing was written."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
