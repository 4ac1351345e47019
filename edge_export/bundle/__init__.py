"""The bundle: one folder that holds a model and everything needed to run, check and explain it."""
