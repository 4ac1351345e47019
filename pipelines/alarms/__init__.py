"""Alarms under a budget: the threshold, the replay of history, and what people are shown of it."""
