"""The SQL adapters (SQLAlchemy)."""
