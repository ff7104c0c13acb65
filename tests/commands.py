"""The command line within the process of the tests: what a process of its own would print, in less time.

What only a real process can show (how it starts, what it imports, how it ends) is held by tests/unit/stack/.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

import structlog

from streamflow import settings as configuration
from streamflow.cli import main


def in_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `streamflow` as a process would, with these variables added to the environment.

    Returns:
        Exit code and what was printed. An error that is a defect of ours is raised, not returned.
    """
    out, err, logs = io.StringIO(), io.StringIO(), structlog.get_config()
    configuration.settings.cache_clear()
    try:
        with (
            mock.patch.dict(os.environ, {"COLUMNS": "200", **environment}),
            mock.patch.object(sys, "argv", ["streamflow", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            main()
            code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        structlog.configure(**logs)
        configuration.settings.cache_clear()
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
