"""The ensemble behind a bundle, as its training kept it: weights, and which machines each member saw."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_export.bundle.reading import VerifiedBundle
from models.registry.registry import ModelRegistry
from pipelines.aliases import registered_version
from pipelines.errors import NothingToDistil
from pipelines.train.record import SPLIT, WEIGHTS

if TYPE_CHECKING:
    from models.prognosis.network import HazardEnsemble

_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class KeptEnsemble:
    """An ensemble whose answers a small network is to learn.

    Attributes:
        run_id: The training.
        deals: Names of the machines of each fold of each deal; members are blind to one after the other.
        seen: Names of all machines that it was trained on.
    """

    run_id: str
    ensemble: "HazardEnsemble"
    deals: tuple[tuple[frozenset[str], ...], ...]
    seen: frozenset[str]

    @property
    def folds(self) -> int:
        """Number of folds of a deal."""
        return len(self.deals[0])

    @property
    def fold_by_machine(self) -> dict[str, list[int]]:
        """Fold of each machine in each deal, by its name."""
        found: dict[str, list[int]] = {}
        for deal in self.deals:
            for index, names in enumerate(deal):
                for name in names:
                    found.setdefault(name, []).append(index)
        return found


def read_kept(registry: ModelRegistry, bundle: VerifiedBundle) -> KeptEnsemble:
    """Read the ensemble of a bundle from MLflow.

    Raises:
        NothingToDistil: If its training kept no ensemble, or not the one in the bundle.
    """
    from models.prognosis.weights import ensemble_of  # lazy: torch takes seconds to import

    name, version, tracking = bundle.manifest.name, bundle.manifest.version, registry.tracking
    number = registered_version(registry, bundle)
    if number is None:
        raise NothingToDistil(version, "no version in MLflow that became this bundle")
    run_id = registry.run_of(name, number)
    if not (tracking.has(run_id, WEIGHTS) and tracking.has(run_id, SPLIT)):
        raise NothingToDistil(version, "a training that kept no ensemble (models of few lives are small as they are)")
    split = json.loads(tracking.read_text(run_id, SPLIT))
    deals = split.get("deals") or [split.get("folds")]
    if not deals[0]:
        raise NothingToDistil(version, "a training that did not keep its folds; train again")
    ensemble = ensemble_of(tracking.read_arrays(run_id, WEIGHTS))
    _check_same(ensemble, bundle)
    dealt = tuple(tuple(frozenset(names) for names in deal) for deal in deals)
    return KeptEnsemble(run_id, ensemble, dealt, frozenset(split["training"]))


def _check_same(ensemble: "HazardEnsemble", bundle: VerifiedBundle) -> None:
    from models.prognosis.network import mean_survival  # lazy: torch

    vectors = np.asarray(bundle.golden.vectors, np.float32)
    wanted = np.asarray(bundle.golden.survival)
    if vectors.shape[1] != ensemble.shape.features or wanted.shape[1] != ensemble.shape.steps:
        raise NothingToDistil(bundle.manifest.version, "weights of a network of another size")
    apart = float(np.abs(mean_survival(ensemble, vectors) - wanted).max())
    if apart > _TOLERANCE:
        raise NothingToDistil(bundle.manifest.version, f"weights that differ by {apart:.1e} from its golden answers")
