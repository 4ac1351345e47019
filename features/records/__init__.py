"""The SQL database that both roots share: what is known of assets, what happened, and what was forecast."""
