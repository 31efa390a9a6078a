"""Tests of Shelfwise; the tree mirrors the code. Helpers that several parts share begin with an underscore."""
