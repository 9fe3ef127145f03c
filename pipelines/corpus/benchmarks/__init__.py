"""Benchmarks by hand."""
