"""`python -m experiments`: public data sets, protocols and benchmarks."""

import typer

from experiments.cmapss.command import cmapss

app = typer.Typer(
    help="Public data sets, protocols and benchmarks.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.command()(cmapss)


@app.callback()
def experiments() -> None:
    """Public data sets, protocols and benchmarks."""


if __name__ == "__main__":
    app()
