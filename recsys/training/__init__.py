"""Fitting: scorers, context settings, fusion weights, the multi-task objective."""
