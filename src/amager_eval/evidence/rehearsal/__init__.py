"""Made-up partnerships judged as a real one, and how often a verdict was wrong."""
