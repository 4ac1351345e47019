"""The streaming step of many machines at once: rows that came at the same time, in a few calls of NumPy for all."""
