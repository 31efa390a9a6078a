"""What components cost, and what that buys."""
