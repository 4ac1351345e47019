import json

import numpy as np
import pytest

from pipelines.progress import print_result


def test_figures_that_are_not_known_are_null_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    nan = float("nan")
    print_result({"skill": nan, "by": {"all": np.float64(nan), "stages": [1.5, nan]}, "pair": (nan, 2), "words": "nan"})
    told = json.loads(capsys.readouterr().out)
    assert told == {"skill": None, "by": {"all": None, "stages": [1.5, None]}, "pair": [None, 2], "words": "nan"}


def test_infinite_figures_are_a_fault_and_not_hidden() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        print_result({"width": float("inf")})
