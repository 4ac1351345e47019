"""Writes a pack's files as YAML that a person goes on with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from features.packs.loader import KNOWLEDGE_FILE, PACK_FILE


def write_pack(folder: Path, pack: Mapping[str, Any], knowledge: Mapping[str, Any], notes: Sequence[str]) -> None:
    """Write both files of a pack.

    Args:
        folder: Where to; made where it is missing.
        pack: What `pack.yaml` says, as plain data.
        knowledge: What `knowledge.yaml` says.
        notes: Lines for the head of `pack.yaml`, for whoever goes on with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = "".join(f"# {note}\n" for note in notes)
    for name, document, comment in ((PACK_FILE, pack, head), (KNOWLEDGE_FILE, knowledge, "")):
        text = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=110)
        (folder / name).write_text(f"{comment}\n{text}" if comment else text, encoding="utf-8")
