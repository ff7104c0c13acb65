"""Named steps with their durations, shown while they run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step and how long it took, seconds of wall clock."""

    name: str
    seconds: float


@dataclass(slots=True)
class Steps:
    """A log of steps on a console."""

    console: Console
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, *, quiet: bool = False) -> Iterator[None]:
        """Time what happens inside.

        Args:
            name: What a person reads, in the present: `start the servers`.
            quiet: True when the step draws its own progress.
        """
        begun = time.monotonic()
        if quiet:
            self.console.print(f"[bold]{name}[/bold]")
            yield
        else:
            with self.console.status(f"{name} ..."):
                yield
        seconds = time.monotonic() - begun
        self.done.append(Step(name, seconds))
        self.console.print(f"  [green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")
