import numpy as np
from numpy.typing import NDArray

from features.domain.events import EventKind
from features.domain.identifiers import AssetId
from features.transforms.intervals import IntervalTable
from pipelines.building.build import fit_specification
from pipelines.train.data import PreparedData
from pipelines.train.stories import MOST_STORIES, life_stories, story_picture
from tests.pipelines.building.machines import MINE, fan, track

PACK = fan()
ENDS = {f"f{number}": EventKind.FAILURE for number in range(9)}
ENDS |= {"censored": EventKind.PREVENTIVE_REPLACEMENT}
TRACKS = [track(PACK, name, 40 + 5 * place, end) for place, (name, end) in enumerate(ENDS.items())]
SPECIFICATION = fit_specification(PACK, TRACKS)


def prepared(unseen: set[str]) -> PreparedData:
    names = frozenset(AssetId(name) for name in unseen)
    return PreparedData(PACK, MINE, TRACKS, names, None, 0, None, None, "")  # type: ignore[arg-type]  # not asked


def survival(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.tile(np.linspace(0.99, 0.01, PACK.grid.steps), (len(vectors), 1))


def test_stories_are_of_unseen_machines_that_failed_short_lives_and_long_ones() -> None:
    stories = life_stories(SPECIFICATION, prepared(set(ENDS) - {"f0"}), survival, IntervalTable.of_half_level(0.45))
    names = [story.asset for story in stories]
    assert len(names) == MOST_STORIES
    assert names[0] == "f1"
    assert names[-1] == "f8"
    for story in stories:
        assert (story.low <= story.median).all()
        assert (story.median <= story.high).all()
        assert (np.diff(story.age + story.remaining) == 0).all()  # an hour older is an hour less to live


def test_without_an_unseen_failure_there_is_no_story() -> None:
    assert life_stories(SPECIFICATION, prepared({"censored"}), survival, IntervalTable.of_half_level(0.45)) == []


def test_picture_shows_the_band_the_median_and_the_truth() -> None:
    (story,) = life_stories(SPECIFICATION, prepared({"f3"}), survival, IntervalTable.of_half_level(0.45))
    (axes,) = story_picture(story, PACK.grid.cap, "hour").axes
    assert axes.get_title() == "f3"
    assert axes.get_xlabel() == "life, hour"
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["p05 to p95", "median", "truth"]
