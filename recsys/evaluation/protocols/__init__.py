"""What is held out, the requests of test shoppers, and leak checks."""
