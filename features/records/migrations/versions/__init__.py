"""One script for each revision, numbered in order."""
