import numpy as np

from experiments.azure.command import figures_of
from experiments.azure.protocol import Judged, at_readings, watched, without_age
from experiments.data_sets import pack_of
from features.domain.events import EventKind
from features.domain.time import microseconds
from pipelines.building.build import fit_specification
from pipelines.onboard.label_table import label_table
from tests.pipelines.onboard.machines import PACK, fleet


def test_pack_without_age_keeps_errors_and_drops_replacements() -> None:
    kinds = {rule.kind for rule in without_age(pack_of("azure")).features.events}
    assert kinds == {EventKind.ERROR}


def test_failures_of_the_judged_machines_are_all_there() -> None:
    tracks = fleet(3, others=1)
    table = label_table(PACK, fit_specification(PACK, tracks), tracks[:2])
    found = watched(table, tracks)
    assert set(found.failures_us) == {"fan-00", "fan-01"}
    ended = tracks[0].epoch.ended_at
    assert ended is not None
    assert np.array_equal(found.failures_us["fan-00"], [microseconds(ended)])


def test_figures_have_the_agreed_keys() -> None:
    judged = Judged({"12h": 1.0, "24h": 0.5, "72h": 0.2}, {"12h": 2.0, "24h": 3.0, "72h": 1.0}, 0.7, 9)
    keys = {"recall_24h", "false_per_100_machine_weeks", "recall_24h_without_age", "recall_72h", "pr_auc"}
    assert keys <= set(figures_of(judged, judged))


def test_forecasts_are_made_at_errors_unless_they_are_to_wait() -> None:
    pack = pack_of("azure")
    assert pack.features.at_events == without_age(pack).features.at_events == (EventKind.ERROR,)
    assert at_readings(pack).features.at_events == ()
