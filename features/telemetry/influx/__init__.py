"""Readings in InfluxDB 1.x, 2.x or 3.x: the store of a plant and of a fleet."""
