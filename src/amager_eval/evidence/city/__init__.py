"""A made-up city whose truth is known."""
