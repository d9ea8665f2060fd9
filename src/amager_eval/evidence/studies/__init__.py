"""A model on data of its own making."""
