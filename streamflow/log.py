"""Structured logs: plain on a terminal, JSON elsewhere.

Every entry may carry `run`, `job`, `topic`, `partition` and `offset`; bind them once with
`structlog.contextvars.bound_contextvars(run=...)` and each line below has them.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, cast

import structlog


def configure(level: str = "INFO", *, json: bool | None = None) -> None:
    """Set up logging for this process; logs go to stderr so that stdout stays for results.

    Args:
        level: A name that `logging` knows.
        json: True for JSON lines, False for plain text, None to ask whether stderr is a terminal.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    tail: list[Any] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(sort_keys=True)]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(**context: Any) -> structlog.typing.FilteringBoundLogger:
    """Return a logger with `context` on each of its lines."""
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger().bind(**context))
