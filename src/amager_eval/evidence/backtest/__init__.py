"""Forecasts of past years scored, stored and held against one another."""
