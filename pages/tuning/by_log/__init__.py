"""The section "Clicks by the log": what a log of impressions says of the setting, and what it refuses to say."""
