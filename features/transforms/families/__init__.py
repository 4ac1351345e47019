"""Families of features that a pack may choose beside the statistics that every pack has."""
