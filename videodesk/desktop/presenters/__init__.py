"""Presenters: no Qt; one frozen State each; methods are the user's intents."""
