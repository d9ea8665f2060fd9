"""The chain: an input and an agreement to fits, fits to a statement."""
