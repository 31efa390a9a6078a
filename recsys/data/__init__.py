"""The shop's data: canonical folder to `Dataset`, the only map between ids and rows; validation and splitting."""
