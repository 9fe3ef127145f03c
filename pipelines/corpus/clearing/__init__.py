"""Clearing what is derived and old."""
