"""Replaying a recorded forecast: the same bytes again, and its vector built anew as it was known then."""
