"""Runs in MLflow: parameters, metrics, data identity, pictures, artefacts. MLflow is imported on first use."""

import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.domain.errors import ServiceError
from models.registry.errors import RegistryRefused, RegistryUnavailable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SECONDS_TO_ANSWER = 10.0
_CANNOT = 500
"""Status from which on a server says that it cannot answer (RFC 9110, 15.6)."""
PARENT = "mlflow.parentRunId"
"""Tag of a run that belongs to another: MLflow shows it below that one."""


@dataclass(frozen=True, slots=True)
class DataIdentity:
    """Which data a run was trained on.

    Attributes:
        name: What people call it, for example the feature view and its version.
        digest: Hash of the rows.
        source: Where it came from.
        rows: How many rows there were.
        features: How many features a row has.
    """

    name: str
    digest: str
    source: str
    rows: int
    features: int


@dataclass(frozen=True, slots=True)
class KnownRun:
    """What a store knows of a run.

    Attributes:
        status: MLflow's word: RUNNING, FINISHED, FAILED or KILLED.
    """

    status: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tracking:
    """One MLflow store.

    Attributes:
        url: SQLAlchemy address or server address of the tracking store.
        artefacts: Where artefacts lie when the store is a local database.
    """

    url: str
    artefacts: Path

    @property
    def is_server(self) -> bool:
        """Whether this is a server, which then says itself where artefacts lie."""
        return self.url.startswith(("http://", "https://"))

    def check(self) -> None:
        """Make sure that a server answers and lets us in, before work that it is to keep; a database needs no check.

        Asked as MLflow's own client asks, with its names, tokens and certificates, but once: the client would try for
        minutes. Whom the server lets in, the client's first call finds.

        Raises:
            RegistryUnavailable: If the server does not answer, or says that it cannot.
            RegistryRefused: If it lets nobody in who comes without a name, or with this one.
        """
        if not self.is_server:
            return
        found = _no_answer(self.url)
        if found is not None:
            must = f"the server at {self.url} must answer within {_SECONDS_TO_ANSWER:g} s; found {found}"
            raise RegistryUnavailable("MLflow", f"{must}. Start it, or correct MILLWRIGHT_TRACKING_URL.")
        with translated():
            self.client().search_experiments(max_results=1)

    def client(self) -> "MlflowClient":
        """Return MLflow's own client for this store."""
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        from mlflow.tracking import MlflowClient  # lazy: takes seconds to import

        with translated():
            return MlflowClient(tracking_uri=self.url, registry_uri=self.url)

    def start(self, experiment: str, name: str, tags: Mapping[str, str], parameters: Mapping[str, object]) -> str:
        """Begin a run and return its id."""
        from mlflow.entities import Param, RunTag  # lazy: takes seconds to import

        client = self.client()
        with translated():
            found = client.get_experiment_by_name(experiment)
            place = None if self.is_server else f"{self.artefacts.resolve().as_uri()}/{experiment}"
            identity = found.experiment_id if found else client.create_experiment(experiment, place)
            run_id: str = client.create_run(identity, run_name=name).info.run_id
        with self.failing(run_id), translated():
            client.log_batch(
                run_id,
                params=[Param(key, str(value)) for key, value in parameters.items()],
                tags=[RunTag(key, value) for key, value in tags.items()],
            )
        return run_id

    @contextmanager
    def failing(self, run_id: str) -> Iterator[None]:
        """Mark a run FAILED if what is kept with it in the block fails, so that it does not run for ever.

        Raises:
            ServiceError: What the block raises; that the run could not be marked either is not told beside it.
        """
        try:
            yield
        except ServiceError:
            with suppress(ServiceError):
                self.finish(run_id, "FAILED")
            raise

    def known(self, run_id: str) -> KnownRun:
        """Return what is known of a run.

        Raises:
            RegistryRefused: If there is none.
        """
        with translated():
            run = self.client().get_run(run_id)
        return KnownRun(run.info.status, dict(run.data.tags), dict(run.data.params))

    def metric(self, run_id: str, name: str) -> float | None:
        """Return the newest value of a metric of a run; None where it has none.

        Raises:
            RegistryRefused: If there is no such run.
        """
        with translated():
            found = self.client().get_run(run_id).data.metrics
        return float(found[name]) if name in found else None

    def go_on(self, run_id: str) -> None:
        """Mark a run that ended as running again."""
        with translated():
            self.client().update_run(run_id, status="RUNNING")

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
        """Write metrics of one step; values that are not finite are left out."""
        from mlflow.entities import Metric  # lazy: takes seconds to import

        now = int(time.time() * 1000)
        finite = {name: float(value) for name, value in metrics.items() if abs(float(value)) < float("inf")}
        with translated():
            self.client().log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in finite.items()])

    def log_parameters(self, run_id: str, parameters: Mapping[str, object]) -> None:
        """Write parameters that were found while the run went on."""
        from mlflow.entities import Param  # lazy: takes seconds to import

        with translated():
            self.client().log_batch(run_id, params=[Param(key, str(value)) for key, value in parameters.items()])

    def log_data(self, run_id: str, data: DataIdentity, context: str) -> None:
        """Write which data the run used, so that MLflow shows it beside the run."""
        from mlflow.entities import Dataset, DatasetInput, InputTag  # lazy: takes seconds to import

        profile = json.dumps({"num_rows": data.rows, "num_features": data.features})
        source = json.dumps({"uri": data.source})
        entity = Dataset(data.name, data.digest[:36], "local", source, profile=profile)
        with translated():
            self.client().log_inputs(run_id, [DatasetInput(entity, [InputTag("mlflow.data.context", context)])])

    def log_files(self, run_id: str, folder: Path, into: str) -> None:
        """Keep a copy of a folder's files with the run."""
        with translated():
            self.client().log_artifacts(run_id, str(folder), into)

    def log_arrays(self, run_id: str, arrays: Mapping[str, "np.ndarray[Any, Any]"], name: str) -> None:
        """Keep arrays with the run, as one NumPy archive that is read with `allow_pickle=False`.

        Args:
            run_id: The run.
            arrays: By name; of numbers, never of objects.
            name: Of the file, ending in .npz.
        """
        with tempfile.TemporaryDirectory() as folder, translated():
            file = Path(folder) / name
            with file.open("wb") as stream:
                np.savez_compressed(stream, allow_pickle=False, **arrays)
            self.client().log_artifact(run_id, str(file))

    def log_text(self, run_id: str, text: str, name: str) -> None:
        """Keep a text with the run."""
        with translated():
            self.client().log_text(run_id, text, name)

    def log_picture(self, run_id: str, figure: Any, name: str) -> None:  # matplotlib.figure.Figure
        """Keep a picture with the run."""
        with translated():
            self.client().log_figure(run_id, figure, name)

    def has(self, run_id: str, name: str) -> bool:
        """Say whether a file of this name lies with the run."""
        with translated():
            return name in {each.path for each in self.client().list_artifacts(run_id)}

    def read_text(self, run_id: str, name: str) -> str:
        """Return a text that lies with the run."""
        with tempfile.TemporaryDirectory() as folder, translated():
            return Path(self.client().download_artifacts(run_id, name, folder)).read_text(encoding="utf-8")

    def read_arrays(self, run_id: str, name: str) -> dict[str, "np.ndarray[Any, Any]"]:
        """Return arrays that lie with the run; nothing in them is ever run.

        Raises:
            RegistryRefused: If it is no archive of plain arrays.
        """
        with tempfile.TemporaryDirectory() as folder, translated():
            place = self.client().download_artifacts(run_id, name, folder)
            try:
                with np.load(place, allow_pickle=False) as archive:
                    return {each: archive[each] for each in archive.files}
            except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
                raise RegistryRefused(f"{name} of run {run_id} must be a NumPy archive of numbers; {error}.") from error

    def finish(self, run_id: str, status: str = "FINISHED") -> None:
        """End a run with an MLflow status: FINISHED, FAILED or KILLED."""
        with translated():
            self.client().set_terminated(run_id, status)


def _no_answer(url: str) -> str | None:
    """Return what a server did instead of answering; None where it answered, if only that it knows nobody."""
    from mlflow.exceptions import MlflowException  # lazy: takes seconds to import
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    try:
        who = get_default_host_creds(url)  # type: ignore[no-untyped-call]  # MLflow's, without types
        said = http_request(  # type: ignore[no-untyped-call]  # MLflow's, without types
            who, "/health", "GET", max_retries=0, timeout=_SECONDS_TO_ANSWER, raise_on_status=False
        )
    except MlflowException as error:
        return str(error)
    return f"status {said.status_code}" if said.status_code >= _CANNOT else None


@contextmanager
def translated() -> Iterator[None]:
    """Turn what MLflow raises into errors of ours.

    Raises:
        RegistryUnavailable: If the store does not answer.
        RegistryRefused: If MLflow refused what was asked.
    """
    from mlflow.exceptions import MlflowException  # lazy: takes seconds to import
    from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode

    try:
        yield
    except MlflowException as error:
        if error.error_code in {ErrorCode.Name(INTERNAL_ERROR), ErrorCode.Name(TEMPORARILY_UNAVAILABLE)}:
            raise RegistryUnavailable("MLflow", str(error)) from error
        raise RegistryRefused(f"MLflow refused: {error}") from error
    except OSError as error:
        raise RegistryUnavailable("MLflow", str(error)) from error
    except Exception as error:
        # The database behind MLflow raises errors of SQLAlchemy, which this room does not import.
        if type(error).__module__.partition(".")[0] != "sqlalchemy":
            raise
        raise RegistryUnavailable("MLflow", str(error)) from error
