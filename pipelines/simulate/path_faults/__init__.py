"""Faults of a gateway that make times wrong or send a stretch again: one module each, named in `registry`."""
