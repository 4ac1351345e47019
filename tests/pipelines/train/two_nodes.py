"""The driver of a training on a cluster of two nodes; prints what it saw as JSON."""

import json
import sys
import time
from pathlib import Path

from models.prognosis.training import TrainingSettings
from pipelines.train.cluster import ray_cluster
from pipelines.train.trainer import RayRun, train_prognosis
from tests.models.prognosis.toys import GRID, toy_rows

SETTINGS = TrainingSettings(epochs=3, batch_rows=64, folds=4, hidden=(16,))


def drive(address: str, storage: Path) -> dict[str, object]:
    """Train on three workers, more than fit on either node, and ask both nodes what they were given."""
    with ray_cluster(3, address):
        import ray

        trained = train_prognosis(toy_rows(machines=40), GRID, 4.0, [SETTINGS], RayRun(storage, 3))

        @ray.remote(num_cpus=2)
        def seen() -> tuple[str, list[str], int]:
            import pipelines

            time.sleep(1)
            root = Path(pipelines.__file__).parents[1]
            size = sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
            return ray.get_runtime_context().get_node_id(), sorted(each.name for each in root.iterdir()), size

        given = ray.get([seen.remote() for _ in range(2)])
    return {"workers": trained.last_metrics["workers"], "epoch": trained.last_metrics["epoch"], "given": given}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(drive(sys.argv[1], Path(sys.argv[2]))) + "\n")
