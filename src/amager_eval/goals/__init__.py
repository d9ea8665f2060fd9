"""Draws and estimates held against the goals of an agreement."""
