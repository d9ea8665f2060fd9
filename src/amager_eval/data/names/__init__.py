"""Names as an officer writes them, read as the agreement's."""
