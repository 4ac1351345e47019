"""Intervals that hold: split, Mondrian and adaptive conformal prediction, in numpy."""
