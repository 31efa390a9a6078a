"""Why a product stands where it stands: the exact arithmetic of its score, and what would change it."""
