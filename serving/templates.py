"""The page templates: autoescaping, strict about names, filled in with the reader's words."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from serving.files import plotly_style_ids, static_url

FOLDER = Path(__file__).parent / "pages"


def render(name: str, values: Mapping[str, object]) -> str:
    """Fill in a template."""
    return _environment().get_template(name).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["static_url"] = static_url
    environment.globals["plotly_style_ids"] = plotly_style_ids
    return environment
