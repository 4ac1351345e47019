"""What keeps vendors quiet: no reports sent home, and no remarks about their own code to people who run ours."""

import importlib
import warnings

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "BENTOML_DO_NOT_TRACK": "True",
    "FEAST_USAGE": "False",
    "ORT_DISABLE_TELEMETRY": "1",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
"""Switches the reports off that vendors would send home; entry points set it before a vendor is imported."""


def hush_vendors() -> None:
    """Keep Ray Data's and MLflow's remarks about their own deprecated calls from people; other warnings still show.

    Feast has all deprecations shown from the moment it is imported, whatever was asked before. So it is
    imported first, here, and this belongs into a command that needs it anyway.
    """
    importlib.import_module("features.store.definitions")
    warnings.filterwarnings("ignore", message="`use_", category=DeprecationWarning, module=r"ray\.data\.context")
    warnings.filterwarnings("ignore", message="The ``noload`` loader", category=DeprecationWarning)  # MLflow's
