"""One file for each question that can be asked about an explanation, below its arithmetic."""
