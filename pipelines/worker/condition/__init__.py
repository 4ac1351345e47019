"""The condition of every machine, live: what was judged of measurements, taken through state detection."""
