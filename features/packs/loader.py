"""Loading a pack: by the name of a shipped one, or from any folder; and everything that is wrong with one.

A pack is a folder with two files, `pack.yaml` (`features.packs.schema`) and `knowledge.yaml`
(`features.packs.knowledge`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from features.domain.packs import Pack
from features.packs.conversion import domain_pack
from features.packs.document import Document, read_document
from features.packs.draft import read_draft
from features.packs.errors import PackError, UnknownPack
from features.packs.explanation import Fault, explain, suggestion
from features.packs.findings import PackFinding, printable
from features.packs.knowledge import KnowledgeFile
from features.packs.references import knowledge_faults, pack_faults
from features.packs.schema import PackFile

PACK_FILE = "pack.yaml"
KNOWLEDGE_FILE = "knowledge.yaml"

_Model = TypeVar("_Model", bound=BaseModel)


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the packs that come with the product, in alphabetical order.

    Examples:
        >>> shipped_packs()
        ('pump', 'turbofan')
    """
    return tuple(sorted(file.parent.name for file in Path(__file__).parent.glob(f"*/{PACK_FILE}")))


def load_pack(name_or_path: str | Path) -> Pack:
    """Read and check a pack.

    Args:
        name_or_path: The name of a shipped pack, or the path of any pack's folder. A text that is the name
            of a shipped pack means that pack; write `./pump` for a folder of the same name.

    Returns:
        The pack in the types of the domain.

    Raises:
        UnknownPack: If there is no such pack.
        PackError: If the pack breaks a rule; the error carries every finding.

    Examples:
        >>> load_pack("turbofan").life.unit
        'cycles'
    """
    asked = printable(str(name_or_path))
    folder = pack_folder(name_or_path)
    if absent := _absent(folder):
        raise UnknownPack(asked, (absent,))
    examined = _examine(folder)
    if examined.pack is None:
        raise PackError(asked, examined.findings)
    return examined.pack


def check_pack(name_or_path: str | Path) -> list[PackFinding]:
    """Return everything that is wrong with a pack, in the order of its files; nothing if it may be loaded.

    Args:
        name_or_path: As for `load_pack`.
    """
    folder = pack_folder(name_or_path)
    absent = _absent(folder)
    return [absent] if absent else list(_examine(folder).findings)


def pack_folder(name_or_path: str | Path) -> Path:
    """Return the folder that a name or a path stands for; it need not exist."""
    if isinstance(name_or_path, str) and name_or_path in shipped_packs():
        return Path(__file__).parent / name_or_path
    return Path(name_or_path)


@dataclass(frozen=True, slots=True)
class _Examined:
    pack: Pack | None
    findings: tuple[PackFinding, ...]


@dataclass(frozen=True, slots=True)
class _Checked(Generic[_Model]):
    """One file: what it says as a model, if it is well-formed, and the faults of its form if it is not."""

    document: Document
    model: _Model | None
    faults: tuple[Fault, ...]


def _examine(folder: Path) -> _Examined:
    pack = _check(PackFile, _read(folder, PACK_FILE))
    knowledge = _check(KnowledgeFile, _read(folder, KNOWLEDGE_FILE))
    draft = read_draft(pack.document.data, knowledge.document.data)
    findings = (
        *_findings(pack.document, (*pack.faults, *pack_faults(draft))),
        *_findings(knowledge.document, (*knowledge.faults, *_told(pack.document, knowledge_faults(draft)))),
    )
    if findings or pack.model is None or knowledge.model is None:
        return _Examined(None, findings)
    return _Examined(domain_pack(pack.model, knowledge.model), ())


def _check(model: type[_Model], document: Document) -> _Checked[_Model]:
    if document.data is None and document.findings:
        return _Checked(document, None, ())
    try:
        return _Checked(document, model.model_validate(document.data), ())
    except ValidationError as error:
        return _Checked(document, None, tuple(explain(error, model)))


def _told(pack: Document, faults: Iterable[Fault]) -> Iterable[Fault]:
    """Return no faults where the signals could not be read at all, since every reference would be one."""
    return faults if isinstance(pack.data, dict) and isinstance(pack.data.get("signals"), list) else ()


def _findings(document: Document, faults: Iterable[Fault]) -> Iterator[PackFinding]:
    """Give faults their lines; what was already wrong as YAML is not reported a second time."""
    findings = [document.finding(fault.path, fault.must, fault.found, fault.remedy) for fault in faults]
    spoken = {finding.key for finding in document.findings}
    every = [*document.findings, *(finding for finding in findings if finding.key not in spoken)]
    yield from sorted(dict.fromkeys(every), key=lambda finding: finding.line or 0)


def _read(folder: Path, name: str) -> Document:
    path = folder / name
    if _exists(path):
        return read_document(path)
    near = get_close_matches(name, sorted(each.name for each in folder.iterdir()), n=1)
    found = f"no such file, but {printable(near[0])}" if near else "no such file"
    remedy = "Rename it." if near else "Write it; copy a shipped pack to begin."
    return Document(str(path), None, {}, (PackFinding(str(path), None, "", "be there", found, remedy),))


def _absent(folder: Path) -> PackFinding | None:
    """Return a finding if there is no folder to look into."""
    try:
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        close = suggestion(str(folder), list(shipped_packs()), f"Name one of {', '.join(shipped_packs())} or a folder.")
        must = "be the name of a shipped pack or a folder that can be read"
        return PackFinding(printable(str(folder)), None, "", must, printable(why), close)
    return None


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()
