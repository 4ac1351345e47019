"""What a person asks about telemetry: what arrives, how late, what is set aside and why, and putting it right."""
