"""The section "Side by side": two settings on the same test shoppers, from the summary down to a single product."""
