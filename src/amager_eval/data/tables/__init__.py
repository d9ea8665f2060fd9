"""Rows to checked tidy frames: columns, cells, rows, and rows against each other."""
