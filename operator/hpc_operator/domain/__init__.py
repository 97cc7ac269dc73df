"""Frozen values that every room speaks of. Nothing here does I/O, and nothing here imports another room."""
