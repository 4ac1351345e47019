"""`python -m serving`: the service and, beside it, the worker that keeps its forecasts fresh."""

import argparse
import http.client
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from features.domain.addresses import is_loopback
from features.domain.errors import ServiceError
from features.domain.reports import REPORTS_OFF
from serving.errors import AddressInUse, OpenToOthers
from serving.settings import Settings, read_settings
from serving.supervision import Child, stop_all

QUIET = {**REPORTS_OFF, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
"""Vendor telemetry off, and no pickles, in every process that is started."""

_LOOK_SECONDS = 0.25
_logger = logging.getLogger("serving")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        settings = read_settings().model_copy(update=_given(options))
        _refuse_others(settings.host)
        _refuse_taken(settings.host, settings.port)
    except ServiceError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 2
    return _run(settings, with_worker=not options.no_worker, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving", description="Serve forecasts, pages and the interface.")
    parser.add_argument("--host", type=_address, help="address to listen on (default: MILLWRIGHT_SERVING_HOST)")
    parser.add_argument("--port", type=_port, help="TCP port to listen on (default: MILLWRIGHT_SERVING_PORT)")
    parser.add_argument("--home", type=Path, help="folder of all data (default: MILLWRIGHT_HOME, else ./var)")
    parser.add_argument("--pack", help="equipment pack, a name or a folder (default: MILLWRIGHT_PACK, else pump)")
    parser.add_argument("--no-worker", action="store_true", help="do not start `python -m pipelines worker` beside it")
    parser.add_argument("--json", action="store_true", help="print one JSON object once the service answers")
    return parser


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address("127.0.0.1" if text == "localhost" else text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an IPv4 or IPv6 address; found {text!r}") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"must be a port from 1 to 65535; found {text!r}")
    return int(text)


def _given(options: argparse.Namespace) -> dict[str, object]:
    return {name: value for name in ("host", "port", "home", "pack") if (value := getattr(options, name)) is not None}


def _refuse_others(host: str) -> None:
    if not is_loopback(host):
        raise OpenToOthers(
            f"The service must listen on a loopback address while nobody can sign in; found {host}. "
            "Use 127.0.0.1 or ::1, and reach it from elsewhere through a tunnel such as `ssh -L`."
        )


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressInUse(
                f"{_url(host, port)} must be free to listen on; found: {error.strerror}. "
                "End what listens there, or choose another with --port."
            ) from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run(settings: Settings, *, with_worker: bool, as_json: bool) -> int:
    """Start the processes and stay until the server ends or somebody ends this process."""
    ended: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        ended.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    server, worker = children(settings)
    watched = [worker] if with_worker else []
    server.start()
    try:
        announced = False
        while not ended and server.returncode() is None:
            for child in watched:
                child.revive()
            announced = announced or _announce(settings, as_json)
            time.sleep(_LOOK_SECONDS)
    finally:
        stop_all([server, *watched])
    return 0 if ended else server.returncode() or 1


def children(settings: Settings) -> tuple[Child, Child]:
    """Return the server and the worker of an installation, neither of them started."""
    home = settings.home.resolve()
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, **QUIET, "MILLWRIGHT_HOME": str(home)}
    environment.pop("MILLWRIGHT_SERVING_HOME", None)
    environment.setdefault("BENTOML_HOME", str(home / "bentoml"))
    options = os.environ.get("BENTOML_CONFIG_OPTIONS", "")
    served = environment | {
        "MILLWRIGHT_SERVING_PACK": _pack(settings),
        "BENTOML_CONFIG_OPTIONS": f"{options} services.Millwright.workers={settings.workers}".strip(),
    }
    listen = ["--host", settings.host, "--port", str(settings.port)]
    server = [sys.executable, "-m", "bentoml", "serve", "serving.service:Millwright", "--working-dir", str(root)]
    worker = [sys.executable, "-m", "pipelines", "worker", "--home", str(home), "--pack", _pack(settings)]
    return (
        Child("server", [*server, *listen], served),
        Child("worker", [*worker, "--tenant", settings.tenant], environment),
    )


def _pack(settings: Settings) -> str:
    """Return the pack so that it means the same in every working directory."""
    folder = Path(settings.pack)
    return str(folder.resolve()) if len(folder.parts) > 1 or folder.is_absolute() else settings.pack


def _announce(settings: Settings, as_json: bool) -> bool:
    """Say where the service is, once it answers there."""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2.0)
    try:
        connection.request("GET", "/livez")
        if connection.getresponse().status != http.HTTPStatus.OK:
            return False
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    address = _url(settings.host, settings.port)
    line = json.dumps({"address": address, "pid": os.getpid()}) if as_json else f"Millwright answers at {address}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return True


if __name__ == "__main__":
    raise SystemExit(main())
