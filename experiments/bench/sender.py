"""One client in a process of its own: sends deliveries over one connection, each after the one before was taken.

`python -m experiments.bench.sender URL FOLDER COUNT`: posts the files of the folder in turn, COUNT in all. It writes
`ready` once it is connected, begins with the first line on standard input, and ends with a line of JSON.
"""

import http.client
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

_TARGET = "/api/v2/write?org=bench&bucket=bench&precision=us"


def main(url: str, folder: Path, count: int) -> None:
    """Send, and say how many were taken."""
    bodies = [path.read_bytes() for path in sorted(folder.glob("*.lines"))]
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    connection.request("GET", "/ping")
    connection.getresponse().read()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    taken = sum(_send(connection, bodies[number % len(bodies)]) for number in range(count))
    sys.stdout.write(json.dumps({"taken": taken}) + "\n")


def _send(connection: http.client.HTTPConnection, body: bytes) -> bool:
    connection.request("POST", _TARGET, body, {"Content-Type": "text/plain; charset=utf-8"})
    answer = connection.getresponse()
    answer.read()
    return answer.status == http.HTTPStatus.NO_CONTENT


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
