"""Serving: the opened model, what it answers with, quotes and exports."""
