"""What goes over the wire: messages, negotiation, HTTP bodies. No I/O."""
