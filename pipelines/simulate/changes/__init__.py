"""Changes of operation: one module each, named in `registry`. The machine is as it was, it is used otherwise."""
