"""videodesk: video calls with customers, and evidence that can be proved later."""

__version__ = "0.1.0"
