"""The command line as a whole: what it prints and how it ends, from a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"airflow", "confluent_kafka", "great_expectations", "pandas", "pandera", "plotly", "psycopg", "pyflink"}


def streamflow(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [str(Path(sys.executable).parent / "streamflow"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "COLUMNS": "120", **env}
    )


def test_help_lists_the_commands_and_shows_examples() -> None:
    """The first thing anybody runs."""
    done = streamflow("--help")
    assert done.returncode == 0
    for word in ("up", "down", "status", "logs", "Examples"):
        assert word in done.stdout


def test_help_imports_nothing_heavy() -> None:
    """Help stays under half a second only as long as no engine is imported for it."""
    script = "import sys, streamflow.cli as c; list(c.Commands().list_commands(None)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert len(done.stdout.split()) > 100
    assert HEAVY.isdisjoint(done.stdout.split())


def test_the_version_is_that_of_the_package() -> None:
    """A report of a defect begins with it."""
    assert streamflow("--version").stdout.startswith("streamflow 0.")


@pytest.mark.parametrize("name", ["up", "down", "status", "logs"])
def test_every_command_of_the_platform_has_a_help(name: str) -> None:
    """The stand-in of the listing becomes the real command."""
    done = streamflow(name, "--help")
    assert done.returncode == 0
    assert f"streamflow {name}" in done.stdout


def test_an_unknown_command_is_one_sentence_with_the_nearest() -> None:
    """A typing error is mended at a glance."""
    done = streamflow("stauts")
    assert (done.returncode, done.stderr) == (2, "error: There is no command 'stauts'; did you mean 'status'?\n")


def test_ctrl_c_is_one_sentence_and_the_exit_code_of_an_interrupted_command() -> None:
    """Click's own ending would look like a failed check."""
    script = (
        "import streamflow.cli as c, streamflow.contracts.catalogue as k, sys;"
        "k.Catalogue.load = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt);"
        "sys.argv = ['streamflow', 'contracts', 'list']; c.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: Interrupted.\n")


def test_an_unknown_setting_in_the_environment_is_one_sentence_with_the_nearest() -> None:
    """A misspelled port would otherwise be ignored in silence."""
    done = streamflow("status", STREAMFLOW_KAFKA__PROT="1")
    assert done.returncode == 2
    assert "did you mean 'STREAMFLOW_KAFKA__PORT'?" in done.stderr
    assert done.stderr.count("\n") == 1


def test_completion_offers_commands() -> None:
    """Shells ask through the environment."""
    done = streamflow(_STREAMFLOW_COMPLETE="complete_bash", COMP_WORDS="streamflow stat", COMP_CWORD="1")
    assert done.stdout.split() == ["status"]


def test_a_platform_that_is_down_says_how_to_start_it(tmp_path: Path) -> None:
    """Exit code 3 tells scripts the same."""
    done = streamflow("status", STREAMFLOW_HOME=str(tmp_path))
    assert done.returncode == 3
    assert "streamflow up" in done.stdout
    empty = streamflow("status", "--json", STREAMFLOW_HOME=str(tmp_path))
    assert (json.loads(empty.stdout), empty.returncode) == ({"processes": [], "late_purchases": None}, 3)


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    """`make down` is safe on a clean machine."""
    done = streamflow("down", STREAMFLOW_HOME=str(tmp_path / "never"))
    assert (done.returncode, done.stdout) == (0, "Nothing was running.\n")


def test_an_unknown_part_is_one_sentence_with_the_nearest(tmp_path: Path) -> None:
    """Nothing is started before the arguments are right."""
    done = streamflow("up", "--without", "airflo", STREAMFLOW_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "error: The platform has no part 'airflo'; did you mean 'airflow'?\n")


def test_the_profile_prod_starts_no_servers(tmp_path: Path) -> None:
    """It uses those that exist."""
    done = streamflow("up", STREAMFLOW_HOME=str(tmp_path), STREAMFLOW_PROFILE="prod")
    assert done.returncode == 2
    assert "uses servers that exist" in done.stderr


def test_a_log_that_does_not_exist_is_one_sentence_with_the_nearest(tmp_path: Path) -> None:
    """Process names are easily mistyped."""
    assert "streamflow up" in streamflow("logs", "kafka", STREAMFLOW_HOME=str(tmp_path)).stderr
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "kafka.log").write_text("one\ntwo\nthree\n", encoding="utf-8")
    done = streamflow("logs", "kafk", STREAMFLOW_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "error: There is no log 'kafk'; did you mean 'kafka'?\n")
    assert streamflow("logs", "kafka", "-n", "2", STREAMFLOW_HOME=str(tmp_path)).stdout == "two\nthree\n"
