"""The task that runs after each start of the job manager: a session cluster without HA services forgets its jobs.

What to run stands in the hooks file, written through `Platform.on_recovery`; without one there is nothing to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def main(hooks: str) -> int:
    """Run each command of the hooks file in turn.

    Args:
        hooks: A JSON file with a list of commands, each a list of words; it need not exist.

    Returns:
        0 when all succeeded, else the code of the first that did not (the supervisor then tries again).
    """
    path = Path(hooks)
    commands: list[list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    for command in commands:
        code = subprocess.run(command, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
