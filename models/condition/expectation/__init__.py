"""What each sensor should read, as the machine is run: fits the table of `features.transforms.condition`."""
