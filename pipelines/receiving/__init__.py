"""Receiving: from what lies in the spool to readings and records, and MQTT into the spool."""
