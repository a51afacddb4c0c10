"""The desk service (ASGI)."""
