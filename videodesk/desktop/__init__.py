"""The desktop app (Qt Widgets)."""
