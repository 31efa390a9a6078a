"""How lists are measured: metrics, statistics over shoppers, and protocols of what is held out."""
