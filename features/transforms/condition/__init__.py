"""State detection in operation: what each signal should be, and what explains that it is not. Parameters are data."""
