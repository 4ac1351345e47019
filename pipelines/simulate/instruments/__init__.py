"""Faults of instruments: the measurement changes, the machine does not. One module each, named in `registry`."""
