"""Proper scores of forecasts, smaller is better, and what calibration is read from."""
