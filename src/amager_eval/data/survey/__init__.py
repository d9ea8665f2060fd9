"""Respondents of a survey to shares with design-based errors."""
