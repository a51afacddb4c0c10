"""Marks on a snapshot, as data."""
