"""The partner goal and the theory of change."""
