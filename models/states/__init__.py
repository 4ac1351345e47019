"""Named states of a machine, such as worn or sound, told from a stretch of its operation."""
