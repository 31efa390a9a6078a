"""What a log of impressions says of other settings."""
