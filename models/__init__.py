"""Models: networks, calibration, knowledge, metrics and the registry."""
