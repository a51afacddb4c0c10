"""Calls: invitation, waiting room, call, wrap-up."""
