"""Ingest: from files and lines to readings and records, with everything that does not fit set aside."""
