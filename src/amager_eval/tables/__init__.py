"""A statement in, a table out: typed columns, raw values, and how each is printed."""
