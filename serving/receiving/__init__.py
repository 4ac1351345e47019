"""Receiving what the field sends: unpacking, a look at every line, and the spool that acknowledges."""
