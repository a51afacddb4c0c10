"""The desktop's only way to the desk service."""
