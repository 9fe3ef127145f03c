"""Removing a document for good."""
