"""What less and worse text does."""
