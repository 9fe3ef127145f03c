"""Publish: a new DuckDB generation built aside, checked, and taken in use by moving one pointer; and the night's page.

Read `step.py` first. A generation never changes once the pointer has named it; a reader that holds an old one keeps
it, a new reader gets the new one, and no reader ever sees a part of either.
"""
