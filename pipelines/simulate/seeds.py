"""Random streams by address: every draw belongs to a station or a pump, and to one purpose.

An address never contains the size of the fleet, so pump k draws the same numbers in every fleet. Purposes have
streams of their own, so that switching one off (a fault kind, the defects) changes no other.
"""

from enum import IntEnum
from zlib import crc32

import numpy as np


class Purpose(IntEnum):
    """What a stream of random numbers is for."""

    MACHINE = 1
    CLIMATE = 2
    DEMAND = 3
    PLAN = 4
    LIFE = 5
    UPKEEP = 6
    PROCESS_NOISE = 7
    SENSORS = 8
    DEFECTS = 9
    GATEWAY = 10
    STATION = 11
    REPORTS = 12
    INSTRUMENT_FAULTS = 13
    PATH_FAULTS = 14
    OPERATION_CHANGES = 15


_STATION, _PUMP = 0, 1


def station_stream(seed: int, station: int, purpose: Purpose) -> np.random.Generator:
    """Return the stream of one station for one purpose."""
    return _stream(seed, (_STATION, station, int(purpose)))


def pump_stream(seed: int, pump: int, purpose: Purpose, number: int = 0, name: str = "") -> np.random.Generator:
    """Return the stream of one pump for one purpose, a running number (of a life) and a name (of a fault kind)."""
    return _stream(seed, (_PUMP, pump, int(purpose), number, crc32(name.encode())))


def _stream(seed: int, address: tuple[int, ...]) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=address)))
