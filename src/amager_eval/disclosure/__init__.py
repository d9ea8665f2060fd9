"""What is hidden before anything is computed, so that no small count can be found."""
