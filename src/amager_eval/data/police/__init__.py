"""Extracts of the police register to counts."""
