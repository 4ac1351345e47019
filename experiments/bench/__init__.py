"""Benchmarks against peers: in the same run, on the same data, equal outputs first."""
