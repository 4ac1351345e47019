"""Everything that takes time or a clock: ingest, features, training, the worker, the demonstration."""
