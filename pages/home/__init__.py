"""What only the home page uses."""
