"""Views: widgets that render a presenter's State."""
