"""Keeping the corpus small and provable."""
