"""The ledger of forecasts: scored as lives end, reported on, and history replayed as if forecasts had been issued."""
