"""Faults planted on purpose: killed processes, lost power and outages, and what is left of the telemetry."""
