"""Readings: what was measured, kept once (contract 1), in stores that are all alike."""
