"""The section "Weight map": the judged metric at every mix of weights, and the mixes worth loading."""
