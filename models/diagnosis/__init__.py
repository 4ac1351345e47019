"""Health assessment (ISO 13374 HA): which failure mode, on what evidence. Its models come to live here."""
