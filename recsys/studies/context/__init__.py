"""What moment and circumstances are worth."""
