"""Seals, timestamps, verification, reports."""
