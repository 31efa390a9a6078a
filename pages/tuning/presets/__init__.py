"""Presets in the tuning room: what is saved, how it measures, and everything that can be done with it."""
