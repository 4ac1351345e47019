"""What is known about machines: types, packs, telemetry, records, transforms and the feature store."""
