"""Explanations: exact splits of scores, counterfactuals and comparisons."""
