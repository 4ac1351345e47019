"""The demonstration: one way through the whole house, from simulated readings to forecasts on a page."""
