"""Onboarding of a machine type: can it work, then train, calibrate, evaluate on machines not seen, register."""
