"""Up to which change of the telemetry readings were judged, whoever did it and however the work was shared."""

from features.records.cursors import Cursors
from pipelines.shards import Shard, shard_of

CURSOR = "quality.telemetry"


def judged_up_to(cursors: Cursors, shard: Shard) -> int:
    """Return up to which change all readings of a share's assets were judged.

    A share's own cursor tells it, and so do the cursors of any complete set of shares: what all of them have passed
    was judged for every asset. What was judged stays judged, so a set that works no more still tells the truth.
    """
    found = {shard_of(name, CURSOR): position for name, position in cursors.find(CURSOR).items()}
    whole = [min(found.get(each, 0) for each in one.beside()) for one in found if one.is_first]
    return max([found.get(shard, 0), *whole])
