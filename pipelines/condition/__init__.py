"""State detection of a fleet: which stretches teach what is usual, and what was learnt of them."""
