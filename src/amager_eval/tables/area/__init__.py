"""Tables of an area nobody measured: what is known, what is estimated, what to order."""
