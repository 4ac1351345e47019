"""Skoltech Anomaly Benchmark (SKAB): a pump rig with faults, and how soon and how truly they are told."""
