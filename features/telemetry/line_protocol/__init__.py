"""InfluxDB's line protocol: writing it fast and exactly, and reading whatever the field sends (contract 8)."""
