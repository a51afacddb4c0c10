"""`videodesk demo`: the whole job, played by real programs."""
