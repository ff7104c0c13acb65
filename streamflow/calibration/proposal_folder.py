"""Writing a proposal: three contract files in a folder of their own, for review; nothing is released here."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from streamflow.calibration.calibrate import Calibrated


def write_proposal(calibrated: Calibrated, folder: Path) -> Path:
    """Write a proposal, all of it or nothing.

    Args:
        calibrated: What to propose.
        folder: Where proposals lie; each gets a folder named by its calibration.

    Returns:
        The proposal's folder. Written again with the same content, it is as it was.
    """
    files = {
        f"calibrations/{calibrated.calibration.id}.json": calibrated.calibration.text(),
        f"fraud_rules/{calibrated.calibration.rule_set}.yaml": calibrated.rule_set_text,
        f"generator/{calibrated.calibration.generator}.yaml": calibrated.generator_text,
    }
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / calibrated.calibration.id
    scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        for name, text in files.items():
            path = scratch / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        scratch.chmod(0o755)
        # A calibration's id is the hash of its content, so what is there has the same figures.
        shutil.rmtree(final, ignore_errors=True)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return final
