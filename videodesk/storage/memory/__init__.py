"""The memory twins of the storage adapters: for tests, and for a desk that forgets."""
