"""How the demo's shoppers and its shop write: phrase banks, a small grammar, and voices."""
