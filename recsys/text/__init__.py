"""Text of products and reviews: phrases, encoder and vector cache, polarity, masking of personal data."""
