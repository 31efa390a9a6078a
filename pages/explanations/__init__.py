"""What only the Explanations page uses."""
