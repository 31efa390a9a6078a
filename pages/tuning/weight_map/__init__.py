"""The section "Weight map": every mix of weights at once, as a triangle and as a trade-off, with mixes to load."""
