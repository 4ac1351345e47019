"""Versions of models and which of them is champion or challenger."""

import hashlib
import warnings
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.registry.errors import RegistryRefused
from models.registry.tracking import Tracking, translated

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"
HELD_OUT_SHARE = "held_out_share"
"""Tag of a version: the share of machines that it never saw."""
BUNDLE, BUNDLE_FOLDER = "bundle_sha256", "bundle"
"""Tag of a version: the identity of its bundle; and where a copy of that bundle lies with the run."""
_BUNDLE_IDENTITY = f"{BUNDLE_FOLDER}/manifest.json"


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

    def register_bundle(self, run_id: str, name: str, tags: dict[str, str]) -> str:
        """Register the bundle that a run keeps as a new version of a model: it has no graph that MLflow could load.

        Args:
            run_id: The run, with the bundle's files in `BUNDLE_FOLDER`.
            name: Registered model; made if there is none.
            tags: Of the version.

        Returns:
            The version.
        """
        client = self.tracking.client()
        with translated():
            if not client.search_registered_models(f"name = '{name}'"):
                client.create_registered_model(name)
            made = client.create_model_version(name, f"runs:/{run_id}/{BUNDLE_FOLDER}", run_id, tags=tags)
        return str(made.version)

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

    def mark_bundle(self, name: str, version: str, bundle_sha256: str) -> None:
        """Say which bundle a version became: a number alone is nobody's, for installations may share a server."""
        with translated():
            self.tracking.client().set_model_version_tag(name, version, BUNDLE, bundle_sha256)

    def bundle_of(self, name: str, version: str) -> str | None:
        """Return the identity of the bundle that a version became; None where MLflow keeps none of it.

        Versions without the tag are asked for the copy of the bundle that lies with their run.
        """
        with translated():
            known = self.tracking.client().get_model_version(name, version)
        if BUNDLE in known.tags:
            return str(known.tags[BUNDLE])
        with suppress(RegistryRefused):  # a run that was deleted keeps nothing
            if known.run_id and self.tracking.has(known.run_id, BUNDLE_FOLDER):
                return hashlib.sha256(self.tracking.read_text(known.run_id, _BUNDLE_IDENTITY).encode()).hexdigest()
        return None

    def version_of_bundle(self, name: str, bundle_sha256: str) -> str | None:
        """Return the version that became this bundle, whatever number it has here; None where MLflow knows none."""
        client = self.tracking.client()
        with translated():
            marked = client.search_model_versions(f"name = '{name}' and tag.{BUNDLE} = '{bundle_sha256}'")
            if marked:
                return max((str(each.version) for each in marked), key=int)
            others = client.search_model_versions(f"name = '{name}'")
        unmarked = sorted((str(each.version) for each in others if BUNDLE not in each.tags), key=int, reverse=True)
        return next((each for each in unmarked if self.bundle_of(name, each) == bundle_sha256), None)

    def version_of(self, name: str, alias: str) -> str | None:
        """Return the version behind an alias, or None."""
        client = self.tracking.client()
        with translated():
            found = client.search_registered_models(f"name = '{name}'")
        versions = dict(found[0].aliases) if found else {}
        return str(versions[alias]) if alias in versions else None  # MLflow gives a number
