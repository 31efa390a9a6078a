"""Helpers of the Makefile; none of them is part of the product."""
