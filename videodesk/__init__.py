"""videodesk: video calls with customers, and evidence that can be proved later."""
