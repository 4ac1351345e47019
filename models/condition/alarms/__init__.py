"""Alarms (IEC 62682): when a score is one, how it lives, what a gateway tells, and the budget for it."""
