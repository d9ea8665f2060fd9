"""The safety model: what was observed, what is assumed, what comes."""
