"""Withdrawing deliveries and nights."""
