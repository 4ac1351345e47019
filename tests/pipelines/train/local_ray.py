"""Starts a local Ray as commands do and tells which of its sockets other machines could reach."""

import json
import sys

import psutil

from pipelines.train.cluster import ray_cluster
from tests.pipelines.train.clusters import reachable_from_outside


def main() -> None:
    """Print one JSON object."""
    with ray_cluster(1):
        here = psutil.Process()
        raylets = sum("raylet" in each.name() for each in here.children(recursive=True))
        sys.stdout.write(json.dumps({"raylets": raylets, "outside": reachable_from_outside(here)}) + "\n")


if __name__ == "__main__":
    main()
