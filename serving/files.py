"""The files that pages load: our own style and script, and plotly.js out of the installed package. No other host."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

from serving.errors import ServingError

_FOLDER = Path(__file__).parent / "static"
_STYLE_ID = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')
_TYPES = {
    "millwright.css": "text/css; charset=utf-8",
    "charts.css": "text/css; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "filters.js": "text/javascript; charset=utf-8",
    "plotly.min.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
}


@dataclass(frozen=True)
class StaticFile:
    """One file, read once, with its version and its packed form.

    Attributes:
        version: Beginning of its SHA-256: a new content has a new address, so browsers may keep the old for ever.
    """

    name: str
    content_type: str
    content: bytes

    @cached_property
    def version(self) -> str:
        """Identity of the content."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    @cached_property
    def packed(self) -> bytes:
        """The content in gzip, the same bytes each time."""
        return gzip.compress(self.content, 6, mtime=0)


@cache
def static_file(name: str) -> StaticFile | None:
    """Return a file by its name, or None if pages load none of that name."""
    content_type = _TYPES.get(name)
    if content_type is None:
        return None
    path = _plotly() if name == "plotly.min.js" else _FOLDER / name
    return StaticFile(name, content_type, path.read_bytes())


def static_url(name: str) -> str:
    """Return the address of a file, its version included."""
    file = static_file(name)
    if file is None:
        raise ServingError(f"Pages may load {', '.join(sorted(_TYPES))}; found {name}. Add it in serving/files.py.")
    return f"/static/{name}?v={file.version}"


@cache
def plotly_style_ids() -> tuple[str, ...]:
    """Return the identities of style elements that plotly.js would write into a page when it is loaded.

    They belong to its maps, which our pages do not draw, and our content policy refuses them. plotly.js leaves a
    style out where an element of its identity is there already.
    """
    file = static_file("plotly.min.js")
    found = _STYLE_ID.findall(file.content) if file is not None else []
    return tuple(sorted({each.decode() for each in found}))


def _plotly() -> Path:
    """Find plotly.js without importing plotly, which takes long and is not needed here."""
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise ServingError("The package plotly must be installed: its plotly.js draws the charts. Run `make setup`.")
    return Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
