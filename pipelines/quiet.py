"""What keeps vendors quiet: no reports sent home, and no remarks about their own code to people who run ours."""

import importlib
import warnings

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "BENTOML_DO_NOT_TRACK": "True",
    "FEAST_USAGE": "False",
    "ORT_DISABLE_TELEMETRY": "1",
}
"""Switches the reports off that vendors would send home; entry points set it before a vendor is imported."""


def hush_ray_data() -> None:
    """Keep Ray Data's remarks about its own deprecated defaults from people; every other warning still shows.

    Feast has all deprecations shown from the moment it is imported, whatever was asked before. So it is
    imported first, here, and this belongs into a command that needs it anyway.
    """
    importlib.import_module("features.store.definitions")
    warnings.filterwarnings("ignore", message="`use_", category=DeprecationWarning, module=r"ray\.data\.context")
