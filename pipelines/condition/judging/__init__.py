"""What bundles know of machines that are as usual, used on stored rows: by the worker, by replays and by onboarding."""
