"""Reported crime: design, model, fit and forecast, and the control chart beside them."""
