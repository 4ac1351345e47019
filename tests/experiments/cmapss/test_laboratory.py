from pathlib import Path

import numpy as np
import pytest

from experiments.cmapss import protocol
from experiments.cmapss.laboratory import RayLaboratory
from experiments.cmapss.reader import engine_tracks, read_subset
from features.domain.events import EventKind
from features.packs.loader import load_pack
from features.transforms.batch import compute
from models.prognosis.training import TrainingSettings
from pipelines.train.cluster import ray_cluster
from pipelines.train.trainer import RayRun
from tests.experiments.cmapss.nasa_files import write_subset

pytestmark = pytest.mark.slow


def laboratory(home: Path) -> RayLaboratory:
    settings = TrainingSettings(epochs=2, batch_rows=256)
    return RayLaboratory(load_pack("turbofan"), home, (settings,), RayRun(home / "runs", workers=2))


def test_rows_are_those_of_the_lives_handed_over_and_no_others(tmp_path: Path) -> None:
    write_subset(tmp_path, "FD001", training=16, tests=2)
    room, engines = laboratory(tmp_path / "home"), read_subset(tmp_path, "FD001").training
    for part in (engines[:9], engines[7:], engines[:9]):  # one after the other, through one feature store
        tracks = engine_tracks(part, room.pack, EventKind.FAILURE)
        specification, rows = room.training_rows(tracks)
        assert len(rows) == sum(len(engine.cycle) for engine in part)
        for index, life in enumerate(compute(specification, [track.rows for track in tracks])):
            own = rows.machine == index
            np.testing.assert_array_equal(rows.age[own], part[index].cycle)
            np.testing.assert_array_equal(rows.remaining[own], part[index].cycle[-1] - part[index].cycle)
            np.testing.assert_allclose(rows.vectors[own], life.vectors, rtol=1e-6)
        assert rows.is_failure.all()


@pytest.mark.integration
def test_one_fold_goes_through_store_ray_and_calibration(tmp_path: Path) -> None:
    write_subset(tmp_path, "FD001", training=16, tests=2)
    engines = read_subset(tmp_path, "FD001").training
    with ray_cluster(2):
        judged = protocol.out_of_fold(laboratory(tmp_path / "home"), engines, 0)
    estimate = judged.forecasts.estimate
    assert judged.truth.shape == estimate.mean.shape == judged.forecasts.baseline.shape
    assert len(np.unique(judged.forecasts.unit)) == int((protocol.fold_of(engines) == 0).sum())
    assert ((estimate.p05 <= estimate.p50) & (estimate.p50 <= estimate.p95)).all()
    for column in (estimate.mean, estimate.p05, estimate.p95, judged.forecasts.baseline):
        assert ((column >= 0.0) & (column <= 125.0)).all()
