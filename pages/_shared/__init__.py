"""What two pages or more use: frame, address, controls, caches, cards, charts."""
