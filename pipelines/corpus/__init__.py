"""Freeze what passed the checks into the next corpus version; keep the night's record."""
