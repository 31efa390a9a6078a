"""The section "Presets": settings that people keep, as cards, with how they measured and measure now."""
