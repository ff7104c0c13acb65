"""The sample shop judged by both released rule sets says what it always said, whatever a backtest keeps in memory."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from streamflow.backtest.figures import judge
from streamflow.backtest.file_source import FileSource
from streamflow.backtest.run import Request, run_backtest
from streamflow.contracts import Catalogue
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.generator.mapping import load_mapping
from streamflow.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
SAVED = Path(__file__).with_name("sample_findings.json")


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_sample_says_byte_for_byte_what_was_saved(tmp_path: Path, jobs: int) -> None:
    """Figures, intervals, differences and the names behind misses; saved before columns and names went to disk."""
    settings = load_settings(root=ROOT)
    mapping = load_mapping(
        ROOT / "data" / "mappings" / "purchases.yaml", Catalogue.load(settings.contracts_dir).topic(TRANSACTIONS_RAW)
    )
    source = FileSource(ROOT / "data" / "sample" / "purchases.csv.gz", mapping, settings.contracts_dir, "USD")
    request = Request(load_horizons(), load_rule_set("1.0.0"), load_rule_set("1.1.0"), jobs=jobs)
    trial = run_backtest(source, request, tmp_path / "scratch")
    found = json.loads(msgspec.json.encode(judge(trial.backtest, seed=1, show_names=True)))
    saved = json.loads(SAVED.read_bytes())
    assert saved["coverage"]["judged"] > 10_000
    assert {name: found[name] for name in saved} == saved
