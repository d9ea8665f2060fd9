"""The estimate of an area nobody measured: blocks nested in districts, given the safety model."""
