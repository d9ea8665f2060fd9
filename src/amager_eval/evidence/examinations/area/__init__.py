"""Examinations of the estimate of an area nobody measured."""
