"""`python -m experiments cmapss-download`: NASA's files from their publishers, for people with internet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from experiments.cmapss.fetch import fetch
from experiments.cmapss.published import ADDRESSES, FILES
from experiments.transfer import Tell, open_client
from pipelines.progress import print_result


def cmapss_download(
    out: Annotated[Path, typer.Option(help="Folder for NASA's twelve files.")],
    addresses: Annotated[
        list[str] | None,
        typer.Option("--from", help="Take the archive from this address instead of the publishers'; may be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Download C-MAPSS (12 MB), check every file and keep all of them or none."""
    started, words = time.perf_counter(), Console(stderr=True)

    def say(reason: str) -> None:
        words.print(f"[yellow]![/yellow] {escape(reason)}")

    with open_client() as client, _bar(words) as tell:
        fetched = fetch(out, addresses or ADDRESSES, FILES, client, tell, say)
    shape_only = [file.name for file in fetched.files if file.checked == "shape"]
    where = "was there already" if fetched.address is None else f"came from {fetched.address}"
    words.print(f"[green]✓[/green] {len(fetched.files)} files in {escape(str(out))}; all of it {escape(where)}")
    if shape_only:
        words.print(f"  checksum not known, shape checked: {', '.join(shape_only)}")
    words.print(f"  next: python -m experiments cmapss --data {escape(str(out))}")
    if json:
        print_result(
            {
                "folder": str(out),
                "address": fetched.address,
                "files": [asdict(file) for file in fetched.files],
                "seconds": time.perf_counter() - started,
            }
        )


@contextmanager
def _bar(words: Console) -> Iterator[Tell]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=words, transient=True) as bar:
        task = bar.add_task("downloading", total=None)
        yield lambda received, total: bar.update(task, completed=received, total=total)
