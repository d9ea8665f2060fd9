"""Truths drawn from a model, and whether its fits find them."""
