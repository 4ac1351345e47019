"""Drift: whether the machines, or what is forecast of them, are no longer what the model learned from."""
