"""What each component is worth."""
