"""State detection (ISO 13374 SD): machine, instrument, data path or operation? Its models come to live here."""
