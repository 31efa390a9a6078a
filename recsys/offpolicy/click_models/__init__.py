"""What lists that nobody was shown would be clicked, by the best source that a shop has."""
