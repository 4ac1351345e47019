"""Versions of models and which of them is champion or challenger."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.registry.tracking import Tracking, translated

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"
HELD_OUT_SHARE = "held_out_share"
"""Tag of a version: the share of machines that it never saw."""


def prognosis_name(pack_id: str) -> str:
    """Return the registered name of a pack's forecaster."""
    return f"{pack_id}_prognosis"


@dataclass(frozen=True, slots=True)
class ModelRegistry:
    """The registry behind a tracking store."""

    tracking: Tracking

    def register(
        self,
        run_id: str,
        name: str,
        graph: bytes,
        inputs: NDArray[np.float32],
        outputs: NDArray[np.float32],
        tags: dict[str, str],
    ) -> str:
        """Log an ONNX graph with its signature and register it as a new version of a model.

        Args:
            run_id: The run that made it.
            name: Registered model.
            graph: ONNX bytes, external data inside.
            inputs: Two or more rows that the graph takes. Shape (batch, feature).
            outputs: What it answers. Shape (batch, time).
            tags: Of the version.

        Returns:
            The version.
        """
        import mlflow  # lazy: takes seconds to import
        import onnx
        from mlflow.models import infer_signature

        with translated(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow warns of its own deprecations
            mlflow.set_tracking_uri(self.tracking.url)
            mlflow.set_registry_uri(self.tracking.url)
            with mlflow.start_run(run_id=run_id):
                info = mlflow.onnx.log_model(
                    onnx.load_from_string(graph),
                    name="model",
                    signature=infer_signature(inputs, outputs),
                    registered_model_name=name,
                    pip_requirements=["onnxruntime", "numpy"],
                    save_as_external_data=False,
                )
            version = str(info.registered_model_version)
            client = self.tracking.client()
            for key, value in tags.items():
                client.set_model_version_tag(name, version, key, value)
        return version

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias at a version."""
        with translated():
            self.tracking.client().set_registered_model_alias(name, alias, version)

    def drop_alias(self, name: str, alias: str) -> None:
        """Take an alias away; without it nothing changes."""
        if self.version_of(name, alias) is not None:
            with translated():
                self.tracking.client().delete_registered_model_alias(name, alias)

    def tags_of(self, name: str, version: str) -> dict[str, str]:
        """Return the tags of a version."""
        with translated():
            return dict(self.tracking.client().get_model_version(name, version).tags)

    def run_of(self, name: str, version: str) -> str:
        """Return the run that made a version."""
        with translated():
            return str(self.tracking.client().get_model_version(name, version).run_id)

    def version_of(self, name: str, alias: str) -> str | None:
        """Return the version behind an alias, or None."""
        client = self.tracking.client()
        with translated():
            found = client.search_registered_models(f"name = '{name}'")
        versions = dict(found[0].aliases) if found else {}
        return str(versions[alias]) if alias in versions else None  # MLflow gives a number
