"""The paper's table on other data: its lifts, ours, and the search for one setting that has them all."""
