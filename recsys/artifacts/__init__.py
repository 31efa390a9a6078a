"""The model folder: written whole, checked when opened, mapped into memory."""
