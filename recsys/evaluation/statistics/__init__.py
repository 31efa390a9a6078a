"""How sure a figure is: intervals, resampling, paired differences, ties, corrections for many comparisons."""
