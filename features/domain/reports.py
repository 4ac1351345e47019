"""Vendors report home unless they are told not to; every entry point tells them, before it imports any of them."""

REPORTS_OFF = {
    "BENTOML_DO_NOT_TRACK": "True",
    "FEAST_USAGE": "False",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment variables that keep the vendors' own telemetry off, in this process and in those it starts."""
