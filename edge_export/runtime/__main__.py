"""The runtime's command line: `python -m edge_export.runtime run | verify | bench BUNDLE`."""

import argparse
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from types import FrameType
from typing import BinaryIO, NoReturn

from edge_export.runtime.bench import bench
from edge_export.runtime.gateway import Answer, Gateway, GatewayPlan
from edge_export.runtime.lines import LONGEST_LINE_BYTES
from edge_export.runtime.runtime import Runtime
from features.domain.errors import ServiceError
from features.domain.identifiers import DEFAULT_TENANT, tenant_id
from features.domain.time import parse_time


class _Stopped(Exception):
    """SIGINT or SIGTERM came while waiting for a line."""


class StopSignals:
    """Lets SIGINT and SIGTERM end a loop between two lines, never inside one."""

    def __init__(self) -> None:
        """Begin without a signal seen."""
        self.is_stopping = False
        self._is_waiting = False

    def install(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def wait_for(self, read: Callable[[], bytes]) -> bytes:
        """Read, unless or until a signal comes; then return nothing."""
        try:
            self._is_waiting = True
            return b"" if self.is_stopping else read()
        except _Stopped:
            return b""
        finally:
            self._is_waiting = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True
        if self._is_waiting:
            raise _Stopped


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        runtime = Runtime.load(options.bundle)
        status: int = options.run(runtime, options)
    except ServiceError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    except BrokenPipeError:
        _forget_output()
        return 0
    except OSError as error:
        _forget_output()
        sys.stderr.write(
            f"Input and output must work to the end; found: {error.strerror}. What was not answered is lost.\n"
        )
        return 1
    return status


def _run(runtime: Runtime, options: argparse.Namespace) -> int:
    as_of = options.as_of if options.as_of in (None, "now") else parse_time(options.as_of)
    every = None if options.last else options.every
    plan = GatewayPlan(tenant_id(options.tenant), every, as_of, detects=not options.forecasts_alone)
    gateway, signals = Gateway(runtime, plan), StopSignals()
    signals.install()
    try:
        source = io.BytesIO() if sys.stdin is None else sys.stdin.buffer  # None: it was closed before the start
        for number, line in enumerate(_lines(source, signals), start=1):
            if line.strip():
                _write(gateway.answers(line, number))
        _write(gateway.last_answers())
    except BrokenPipeError:
        _forget_output()
    sys.stderr.write(json.dumps(gateway.summary()) + "\n")
    return 0


def _lines(source: BinaryIO, signals: StopSignals) -> Iterator[bytes]:
    """Yield lines as they come; of one that is too long, only its beginning."""
    while line := signals.wait_for(lambda: source.readline(LONGEST_LINE_BYTES + 2)):
        rest = line
        while len(rest) == LONGEST_LINE_BYTES + 2 and not rest.endswith(b"\n"):
            rest = signals.wait_for(lambda: source.readline(LONGEST_LINE_BYTES + 2))
        yield line


def _write(answers: Iterator[Answer]) -> None:
    for answer in answers:
        sys.stdout.write(json.dumps(answer, separators=(",", ":"), allow_nan=False) + "\n")
        sys.stdout.flush()


def _verify(runtime: Runtime, options: argparse.Namespace) -> int:
    teacher = runtime.bundle.manifest.distilled_from
    document: dict[str, object] = {
        "name": runtime.model.name,
        "version": runtime.model.version,
        "bundle_sha256": runtime.model.bundle_sha256,
        "distilled_from": None if teacher is None else asdict(teacher),
        "specification_sha256": runtime.bundle.manifest.specification_sha256,
        "bundle_bytes": runtime.bundle.total_bytes,
        "forecasts": runtime.graph is not None,
        "golden_vectors": len(runtime.bundle.golden.vectors),
        "golden_readings": runtime.bundle.golden.readings is not None,
        "state_detection": runtime.condition is not None,
    }
    return _report(document, options)


def _bench(runtime: Runtime, options: argparse.Namespace) -> int:
    return _report(bench(runtime, options.repeats), options)


def _report(document: dict[str, object], options: argparse.Namespace) -> int:
    words = "".join(f"{name}: {value}\n" for name, value in document.items())
    sys.stdout.write(json.dumps(document) + "\n" if options.json else words)
    sys.stdout.flush()
    return 0


def _forget_output() -> None:
    """Let the interpreter's own last flush go nowhere: the reader is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more; found {text}")
    return value


_LINES = (
    'A line is one row of one asset, {"asset_id": "p-01", "time": "2026-03-24T08:00:00Z", "signals": {"speed": 1480}}, '
    'or one event, {"asset_id": "p-01", "time": "2026-03-24T08:00:00Z", "event": "repair", "component": "motor"}; '
    "life, a count, in the place of time where the model counts so. Send rows in the order of time."
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge_export.runtime", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="read JSON lines from standard input, answer JSON lines", epilog=_LINES)
    run.set_defaults(run=_run)
    when = run.add_mutually_exclusive_group()
    when.add_argument(
        "--every",
        type=_positive,
        default=1,
        metavar="N",
        help="a forecast at each Nth reading of an asset, and at events that the pack names",
    )
    when.add_argument("--last", action="store_true", help="one forecast per asset, at the end of the input")
    run.add_argument("--tenant", default=DEFAULT_TENANT, help="whose assets they are (default: %(default)s)")
    run.add_argument(
        "--as-of",
        metavar="TIME",
        help="moment of issue: RFC 3339 (later rows are refused), or now for this machine's clock, as a live "
        "gateway needs it (default: the time of the row, as a replay needs it)",
    )
    run.add_argument(
        "--forecasts-alone",
        action="store_true",
        help="detect no states, although the bundle can: a row costs about half as much",
    )
    verify = commands.add_parser("verify", help="check every byte and every golden answer")
    verify.set_defaults(run=_verify)
    measure = commands.add_parser("bench", help="measure one forecast on this machine")
    measure.set_defaults(run=_bench)
    measure.add_argument("--repeats", type=_positive, default=2000, metavar="N")
    for command in (verify, measure):
        command.add_argument("--json", action="store_true", help="one JSON object on standard output")
    for command in (run, verify, measure):
        command.add_argument("bundle", metavar="BUNDLE", help="the bundle's folder")
    return parser


def _entry() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _entry()
