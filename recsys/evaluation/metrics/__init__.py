"""Metrics of ranked lists: definitions, bulk forms, names and units."""
