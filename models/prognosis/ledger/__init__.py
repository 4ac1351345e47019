"""Scoring the ledger: what became of every forecast that was issued, and what acting on them would have saved."""
