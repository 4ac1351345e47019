"""`python -m pipelines`: everything that takes time or a clock."""

import importlib
import os
import sys

import typer

from pipelines.quiet import QUIET

_COMMANDS = {
    "decide": ("pipelines.deciding.command", "decide"),
    "doctor": ("pipelines.doctor.command", "doctor"),
    "demo": ("pipelines.demo.command", "demo"),
    "export": ("pipelines.gateway.command", "export"),
    "ingest": ("pipelines.ingest.command", "ingest"),
    "monitor": ("pipelines.monitor.command", "monitor"),
    "promote": ("pipelines.promote.command", "promote"),
    "onboard": ("pipelines.onboard.command", "onboard"),
    "train": ("pipelines.train.command", "train"),
    "replay": ("pipelines.replay.command", "replay"),
    "worker": ("pipelines.worker.command", "worker"),
}
_GROUPS = {
    "alarms": "pipelines.alarms.command",
    "pack": "pipelines.pack",
    "simulate": "pipelines.simulate.command",
    "features": "pipelines.building.command",
    "ledger": "pipelines.ledger.command",
    "telemetry": "pipelines.telemetry.command",
    "windows": "pipelines.deciding.command",
}


def build_app(wanted: str | None = None) -> typer.Typer:
    """Return the command line; with a command named, only that one's module is imported.

    Args:
        wanted: The first word of the command line, or None for all commands.
    """
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def pipelines() -> None:
        """Onboarding, ingest, features, training, promotion, export, the worker, the ledger, simulator and demo."""

    for name in [wanted] if wanted in {*_COMMANDS, *_GROUPS} else sorted([*_COMMANDS, *_GROUPS]):
        if name in _COMMANDS:
            module, function = _COMMANDS[name]
            app.command(name)(getattr(importlib.import_module(module), function))
        else:
            app.add_typer(importlib.import_module(_GROUPS[name]).app, name=name)
    return app


def __getattr__(name: str) -> typer.Typer:
    """Return the whole command line as `app`, for whoever documents it; importing this module builds nothing."""
    if name == "app":
        return build_app()
    raise AttributeError(name)


def main(arguments: list[str]) -> None:
    """Run the command line; an error of ours ends it with one clear line, not a stack trace."""
    os.environ.update(QUIET)
    from features.domain.errors import ServiceError

    app = build_app(next((word for word in arguments if not word.startswith("-")), None))
    try:
        app(arguments, prog_name="python -m pipelines")
    except ServiceError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
