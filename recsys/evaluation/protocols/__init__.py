"""What test shoppers are asked and what models may know: requests, rewinds, leak checks."""
