import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from edge_export.bundle.reading import VerifiedBundle, read_bundle
from edge_export.export import export_bundle
from edge_export.runtime.runtime import Runtime
from tests.edge_export.machine import (
    CALIBRATION,
    COUNT_CALIBRATION,
    COUNT_SPECIFICATION,
    EVENT_SPECIFICATION,
    SPECIFICATION,
    TinyHazard,
    eventful_rows,
    fan_modes,
    life_rows,
    sample_vectors,
    with_modes,
)

assert sys.byteorder == "little"  # the tests compare bytes with numpy's own


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "fan"
    export_bundle(
        folder,
        TinyHazard(),
        SPECIFICATION,
        CALIBRATION,
        sample_vectors(),
        name="fan-hazard",
        version="3",
        card_markdown="# Fan\n\nA small model.\n",
        readings=life_rows(),
    )
    return folder


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> VerifiedBundle:
    return read_bundle(bundle_folder)


@pytest.fixture(scope="session")
def modal_bundle(bundle: VerifiedBundle) -> VerifiedBundle:
    """A bundle that tells failure modes apart."""
    return with_modes(bundle, fan_modes())


@pytest.fixture(scope="session")
def count_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "count"
    vectors = sample_vectors(COUNT_SPECIFICATION)
    export_bundle(
        folder,
        TinyHazard(),
        COUNT_SPECIFICATION,
        COUNT_CALIBRATION,
        vectors,
        name="fan-count",
        version="1",
        card_markdown="# Fan, counted\n",
    )
    return folder


@pytest.fixture(scope="session")
def event_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "events"
    export_bundle(
        folder,
        TinyHazard(len(EVENT_SPECIFICATION.names)),
        EVENT_SPECIFICATION,
        CALIBRATION,
        sample_vectors(EVENT_SPECIFICATION),
        name="fan-events",
        version="1",
        card_markdown="# Fan, with its errors\n",
        readings=eventful_rows(),
    )
    return folder


@pytest.fixture
def event_runtime(event_folder: Path) -> Runtime:
    return Runtime.load(event_folder, numbered_ids())


@pytest.fixture
def runtime(bundle: VerifiedBundle) -> Runtime:
    return Runtime.load(bundle, numbered_ids())


@pytest.fixture
def count_runtime(count_folder: Path) -> Runtime:
    return Runtime.load(count_folder, numbered_ids())


def numbered_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"forecast-{next(numbers)}"
