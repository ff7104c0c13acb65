"""An analyst's verdicts on a real broker: from the command to silver and the star, and verify holds all the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from streamflow.quality.truth import read_truth
from streamflow.quality.verify import verify
from streamflow.settings import Settings
from streamflow.warehouse.alerts import list_alerts
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.commands import in_process
from tests.integration.test_quality.plain_ingestion import PlainIngestion


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `streamflow alerts` on the test's servers."""
    return in_process("alerts", *arguments, STREAMFLOW_HOME=str(settings.state))


def test_verdicts_from_a_file_come_home(
    world: Settings, ingestion: PlainIngestion, truth: Path, tmp_path: Path
) -> None:
    """Nothing is sent while a line is wrong and nobody says yes; sent twice, they count once; no check minds."""
    frauds = {(one.customer_id, one.transaction_id) for one in read_truth(truth) if one.is_fraud}
    found = list_alerts(world, unlabelled=True, limit=12)
    assert len(found) == 12, "the world has too few alerts without a label"
    right = {
        one.alert_id: "fraud" if (one.customer_id, one.transaction_id) in frauds else "legitimate" for one in found
    }
    file = tmp_path / "reviewed.csv"
    lines = ["alert_id,verdict,note", *(f"{name},{label},seen" for name, label in right.items()), "nobody,fraud,"]
    file.write_text("\n".join(lines), encoding="utf-8")

    refused = command(world, "label", "--csv", str(file), "--analyst", "ada")
    assert refused.returncode == 2
    assert "reviewed.csv, line 14: silver has no alert nobody" in refused.stderr
    assert "Nothing was sent" in refused.stderr
    assert ingestion.run()["events.raw"] == 0
    for _ in range(2):
        sent = command(world, "label", "--csv", str(file), "--analyst", "ada", "--yes", "--json")
        assert sent.returncode == 0, sent.stderr
        assert json.loads(sent.stdout)["sent"] == 12
    assert ingestion.run()["events.raw"] == 24
    again = command(world, "label", "--csv", str(file), "--analyst", "ada", "--yes", "--json")
    assert {name: json.loads(again.stdout)[name] for name in ("sent", "said_before")} == {"sent": 0, "said_before": 12}

    loads = {load.table: load for load in bronze_to_silver(world, "verdicts").tables}
    assert loads["silver.labels"].rows_out == 12
    assert loads["silver.enriched_events"].rows_rejected == 12
    silver_to_gold(world, "verdicts")
    listed = command(world, "list", "--limit", "1000", "--json")
    labels = {one["alert_id"]: one["label"] for one in json.loads(listed.stdout)}
    assert {name: labels[name] for name in right} == right
    assert [check.sentence for check in verify(world, truth).failed] == []


def test_the_command_says_what_is_wrong_in_one_sentence(world: Settings) -> None:
    """A slip of the pen, an unknown alert, an option too many."""
    cases = {
        ("label", "x", "fruad"): "'fruad' is no verdict; did you mean 'fraud'?",
        ("label", "x", "fraud"): "silver has no alert x",
        ("label",): "Say which alert and what it is",
        ("list", "--rule", "velocty"): "There is no rule 'velocty'; did you mean 'velocity'?",
        ("quality", "--delay", "8"): "There is no delay of 8 days",
        ("show", "x"): "There is no alert x in silver",
    }
    for arguments, sentence in cases.items():
        done = command(world, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1
