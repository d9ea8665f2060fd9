"""The safety goals: published shares, changes and comparisons, and readings of the draws."""
