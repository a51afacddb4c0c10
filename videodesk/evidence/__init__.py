"""The original, its custody log, its renditions."""
