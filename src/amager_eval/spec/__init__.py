"""The documents of `models/` as frozen, validated values."""
