"""Deciding when to act on a machine, and the windows in which its plant can."""
