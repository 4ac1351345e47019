"""From telemetry and lives to feature rows, labels and a filled feature store."""
