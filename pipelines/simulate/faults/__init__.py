"""Kinds of fault: one module each, one line each in `registry`."""
