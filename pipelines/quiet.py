"""What keeps vendors quiet: no reports sent home, and no remarks about their own code to people who run ours."""

import importlib
import warnings

from features.domain.reports import REPORTS_OFF

QUIET = {**REPORTS_OFF, "MLFLOW_LOGGING_LEVEL": "WARNING", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
"""Environment variables that entry points set before a vendor is imported: no reports, and MLflow's warnings alone."""


def hush_vendors() -> None:
    """Keep Ray Data's and MLflow's remarks about their own deprecated calls from people; other warnings still show.

    Feast has all deprecations shown from the moment it is imported, whatever was asked before. So it is
    imported first, here, and this belongs into a command that needs it anyway.
    """
    importlib.import_module("features.store.definitions")
    warnings.filterwarnings("ignore", message="`use_", category=DeprecationWarning, module=r"ray\.data\.context")
    warnings.filterwarnings("ignore", message="The ``noload`` loader", category=DeprecationWarning)  # MLflow's
