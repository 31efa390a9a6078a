"""From component scores to a ranked list: fusion, eligibility, diversity, and the one function `rank`."""
