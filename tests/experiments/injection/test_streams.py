from pathlib import Path

import numpy as np

from experiments.injection.streams import cmapss_streams, nab_streams, skab_streams
from experiments.skab.protocol import SPAN_ROWS, TRAINED_ROWS
from tests.experiments.cmapss.nasa_files import write_subset
from tests.experiments.nab.test_protocol import write_machine
from tests.experiments.skab.rig_files import write_rig


def test_skab_gives_spans_of_the_recording_without_faults_alone(tmp_path: Path) -> None:
    write_rig(tmp_path)
    streams = skab_streams(tmp_path)
    assert streams
    assert all(len(stream.history) == SPAN_ROWS for stream in streams)
    assert len(streams[0].taught) == TRAINED_ROWS
    assert all(np.abs(stream.history.readings).max() < 6.0 for stream in streams)  # the faults of the files are larger


def test_nab_gives_stretches_that_meet_no_window(tmp_path: Path) -> None:
    write_machine(tmp_path)
    streams = nab_streams(tmp_path)
    assert len(streams) == 3
    for stream in streams:
        assert stream.taught_rows == 4 * 48
        assert (np.diff(stream.history.seconds) < 3_600).all()


def test_cmapss_gives_the_early_part_of_every_life_and_sensors_that_move(tmp_path: Path) -> None:
    write_subset(tmp_path, "FD001", training=4, tests=2)
    for stream in cmapss_streams(tmp_path):
        assert stream.history.seconds[0] == 1.0
        assert (np.ptp(stream.taught.readings, axis=0) > 0).all()
