"""A statement in, one part of the document out: its lead, its sections, its plan, its ledger."""
