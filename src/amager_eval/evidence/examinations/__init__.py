"""What `validate` runs: each examination of a model, kept as evidence of its version."""
