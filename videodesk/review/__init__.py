"""The supervisor's decision on a snapshot."""
