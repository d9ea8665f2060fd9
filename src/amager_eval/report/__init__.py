"""A statement in, what the committee reads out: PDF, page, figures, tables, open data."""
