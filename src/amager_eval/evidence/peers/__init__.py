"""Other forecasters, and their stored scores."""
