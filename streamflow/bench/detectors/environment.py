"""An environment of its own for Quix Streams, pinned by requirements.txt beside this module."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = "quix"


def quix_python(settings: Settings) -> Path:
    """Return the interpreter that has Quix Streams, installing it into the checkout's cache the first time.

    Raises:
        EnvironmentNotReady: The packages cannot be installed.
    """
    home = settings.root / ".cache" / FOLDER
    python, stamp = home / "bin" / "python", home / "installed"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    venv.create(home, clear=True, with_pip=True)
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", REQUIREMENTS],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        last = (installed.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EnvironmentNotReady(f"Quix Streams could not be installed into {home}: {last}")
    stamp.write_text(wanted, encoding="utf-8")
    return python
