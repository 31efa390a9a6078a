"""Which mixes are best, and whether that holds."""
