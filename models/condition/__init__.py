"""State detection (ISO 13374 SD): machine, instrument, data path or operation? Also alarms and their budget."""
