"""What only the Recommendations page uses."""
