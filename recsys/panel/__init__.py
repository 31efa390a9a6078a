"""Test shoppers' scores held in memory, and every metric of every list in milliseconds."""
