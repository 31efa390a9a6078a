"""The tuning room: what every setting does to every metric, and the ways to find, compare and keep settings."""
