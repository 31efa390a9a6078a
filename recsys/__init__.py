"""Shelfwise's recommender engine: it reads, learns, ranks, explains and evaluates, and knows no user interface."""

__version__ = "0.1.0"
