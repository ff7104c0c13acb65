"""`streamflow backtest` as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamflow.backtest.evidence import parse_evidence
from tests.unit.backtest.file_cases import MAPPING, csv_of, shop_rows


def streamflow(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with its state in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMFLOW_")}
    environment = kept | {"STREAMFLOW_HOME": str(folder / "state"), "COLUMNS": "160"}
    command = [str(Path(sys.executable).parent / "streamflow"), "backtest", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with purchases.csv and mapping.yaml."""
    csv_of(tmp_path, *shop_rows())
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    return tmp_path


def test_a_comparison_is_json_with_evidence_that_is_kept(shop: Path) -> None:
    """Figures of both rule sets, what the gate says, and a page without anything from elsewhere."""
    ran = streamflow(
        shop, "purchases.csv", "--mapping", "mapping.yaml", "--rules", "1.0.0", "--against", "1.1.0",
        "--report", "page.html", "--jobs", "1", "--json",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    names = [one["name"] for one in found["judged"]]
    assert names[:2] == ["rule set 1.0.0", "rule set 1.1.0"]
    assert found["coverage"]["judged"] > 500
    assert found["evidence"]["verdict"] in {"passed", "failed", "insufficient"}
    assert found["evidence"]["against"]["version"] == "1.1.0"
    assert [one.stem for one in (shop / "state").rglob("evidence/*.json")] == [found["evidence"]["id"]]
    page = (shop / "page.html").read_text()
    assert 'src="http' not in page
    assert not list((shop / "state").rglob("*.part"))


def test_the_terminal_says_what_the_alerts_were_worth(shop: Path) -> None:
    """A table by rule and together, and what the gate says of the rule set alone, which is kept like any other."""
    ran = streamflow(shop, "purchases.csv", "--mapping", "mapping.yaml", "--jobs", "1", "--test-from", "2026-03-10")
    assert ran.returncode == 0, ran.stderr
    assert "rule set 1.1.0" in ran.stdout
    assert "amount alone" in ran.stdout
    (path,) = (shop / "state").rglob("evidence/*.json")
    kept = parse_evidence(path.read_text(), path)
    assert (kept.candidate.version, kept.against, [one.name for one in kept.gates]) == ("1.1.0", None, ["alert_volume"])
    assert f"Gate for a first promotion: {kept.verdict} (evidence {kept.id})" in ran.stdout


def test_a_learned_blacklist_is_named_and_can_be_left_out(shop: Path) -> None:
    """The stream knows published entries only, so a file judged without them raises what the stream would."""
    asked = ("purchases.csv", "--mapping", "mapping.yaml", "--jobs", "1", "--json")
    learned, published = (streamflow(shop, *asked, "--blacklist", one) for one in ("learned", "published"))
    assert (learned.returncode, published.returncode) == (0, 0), learned.stderr + published.stderr
    assert "learned day by day" in learned.stdout
    assert "learned day by day" not in published.stdout
    wrong = streamflow(shop, *asked, "--blacklist", "publish")
    assert wrong.returncode == 2
    assert "--blacklist cannot be 'publish'; did you mean 'published'?" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["purchases.csv"], "needs a --mapping"),
        (["purchase.csv", "--mapping", "mapping.yaml"], "did you mean 'purchases.csv'?"),
        (["purchases.csv", "--mapping", "maping.yaml"], "maping.yaml"),
        (["purchases.csv", "--mapping", "mapping.yaml", "--rules", "1.0.9"], "There is no rule set 1.0.9"),
        (["purchases.csv", "--mapping", "mapping.yaml", "--rules", "mapping.yaml"], "no contract"),
        (["purchases.csv", "--mapping", "mapping.yaml", "--test-from", "March"], "--test-from must be a time as"),
        (["purchases.csv", "--mapping", "mapping.yaml", "--train-from", "2026-03-01"], "with --train-until"),
        (
            ["purchases.csv", "--mapping", "mapping.yaml", "--train-until", "2026-03-08", "--test-from", "2026-03-02"],
            "lies before --train-until",
        ),
        (["table", "--mapping", "mapping.yaml"], "'table' has no --mapping"),
    ],
)
def test_a_mistake_is_one_sentence(shop: Path, arguments: list[str], sentence: str) -> None:
    """Exit code 2, nothing on stdout, no stack trace."""
    ran = streamflow(shop, *arguments, "--jobs", "1")
    assert ran.returncode == 2, ran.stderr
    assert ran.stdout == ""
    assert sentence in ran.stderr.replace("\n", " ")
    assert "Traceback" not in ran.stderr
