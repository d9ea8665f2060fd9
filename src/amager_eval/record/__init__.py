"""The yearly record: the frozen baseline, what was published, what was forecast and what came."""
