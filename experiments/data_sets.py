"""Where data sets lie, and how one that was written as a bring-your-own folder is brought in as onboarding does."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from experiments.errors import DataSetUnusable
from features.domain.home import Home
from features.domain.identifiers import DEFAULT_TENANT

if TYPE_CHECKING:
    from features.domain.packs import Pack
    from pipelines.onboard.bringing import BroughtFolder


def data_folder(name: str) -> Path:
    """Return a data set's folder within MILLWRIGHT_DATA."""
    root = os.environ.get("MILLWRIGHT_DATA")  # read when the command runs, not at import
    if root is None:
        raise typer.BadParameter(
            f"must be given where MILLWRIGHT_DATA is not set; name the folder that holds {name}", param_hint="--data"
        )
    return Path(root) / name


def pack_of(name: str) -> "Pack":
    """Load the pack that lies beside a data set's reader."""
    from features.packs.loader import load_pack  # lazy: only commands pay

    return load_pack(Path(__file__).parent / name / "pack")


def present(path: Path) -> Path:
    """Return a file of a data set.

    Raises:
        DataSetUnusable: If it is not there.
    """
    if not path.is_file():
        raise DataSetUnusable(f"{path} must be a file of the data set; found none. Name its folder with --data.")
    return path


@contextmanager
def brought(pack: "Pack", write: Callable[[Path], object]) -> "Iterator[BroughtFolder]":
    """Write a bring-your-own folder and bring it in as onboarding does; both are gone after the block.

    Args:
        pack: The type of the machines.
        write: Writes the tables into a folder; what it returns is not looked at.

    Yields:
        The folder as onboarding sees it.
    """
    from pipelines.onboard.bringing import bring  # lazy: only commands pay

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        folder.mkdir()
        write(folder)
        yield bring(folder, pack, DEFAULT_TENANT, Home(Path(scratch) / "home"))
