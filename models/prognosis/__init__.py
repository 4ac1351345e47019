"""Prognosis (ISO 13381-1): how likely is failure within a horizon, how long will it last, how sure is that."""
