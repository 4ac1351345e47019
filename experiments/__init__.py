"""Dataset readers, protocols and scoring. Nothing imports this room, and it is never shipped."""
