"""New products and new shoppers: who serves them."""
