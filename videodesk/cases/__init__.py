"""Cases: what is open, for which claim or advice."""
