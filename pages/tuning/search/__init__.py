"""The section "Find good weights": a goal in words, a search beside the page, what it found."""
