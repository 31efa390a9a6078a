"""The section "Find good weights": a goal is picked, a search runs beside the page, what it found can be used."""
