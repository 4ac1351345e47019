"""The feature store: Feast behind an interface of ours. Nothing else in the house knows Feast."""
