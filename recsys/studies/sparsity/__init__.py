"""Less text, and worse."""
