"""The crime goals: levels, readings and rows, and what is shown beside them."""
