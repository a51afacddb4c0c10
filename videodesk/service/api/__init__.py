"""HTTP routes of the desk service, one module per resource."""
