"""Progress and words for people, always on standard error; standard output belongs to the result."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@dataclass(slots=True)
class Stages:
    """Stages of long work, each timed and shown while it runs.

    Attributes:
        console: Where people look.
        seconds: Duration of every stage so far, by name, in order.
    """

    console: Console = field(default_factory=lambda: Console(stderr=True))
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Time a stage and show a bar for it.

        Yields:
            A function to be told what is done and what there is to do.
        """
        started = time.perf_counter()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        shown = self.console.is_terminal
        with Progress(*columns, TimeElapsedColumn(), console=self.console, transient=True, disable=not shown) as bar:
            task = bar.add_task(name, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        taken = time.perf_counter() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + taken
        self.console.print(f"[green]✓[/green] {name} [dim]{taken:.1f} s[/dim]")


def print_result(document: dict[str, object]) -> None:
    """Write one JSON object to standard output; a figure that is not known, NaN, is null."""
    sys.stdout.write(json.dumps(_known(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def _known(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _known(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_known(each) for each in value]
    return None if value != value else value
