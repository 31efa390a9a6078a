"""Learning for many goals at once."""
