import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from experiments.ai4i import command
from experiments.ai4i.protocol import Figures
from experiments.ai4i.reader import MODES, read_parts
from experiments.data_sets import pack_of
from pipelines.progress import Stages
from tests.experiments.ai4i.mill_file import write_mill


def test_figures_have_their_keys(tmp_path: Path) -> None:
    """The judgement itself is tried in `test_protocol`; here every one has the same outcome."""
    write_mill(tmp_path, rows=60)
    pack = pack_of("ai4i")
    outcome = Figures(0.9, 0.8, 1.0, dict(zip(MODES, (0.1, 0.9, 1.0, 1.0), strict=True)))
    figures = command.run(pack, read_parts(tmp_path, pack), 2, Stages(Console(file=io.StringIO())), lambda *_: outcome)
    json.dumps(figures, allow_nan=False)
    assert figures["binary_f1"] == pytest.approx(0.9)
    assert figures["macro_f1"] == pytest.approx(0.75)
    keys = ("limit_of_readings", "in_double_precision", "blocks", "without_balances", "shuffled_flags", "repeats")
    assert set(keys) <= set(figures)
