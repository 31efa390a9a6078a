"""What another policy would have earned: logged impressions, policies, estimators, click models."""
