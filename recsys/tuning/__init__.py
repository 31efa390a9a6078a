"""Which settings to take: weight map, search, comparison of two settings, shipped presets."""
