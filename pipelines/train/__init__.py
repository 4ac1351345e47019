"""Training: Ray distributes it, MLflow remembers it, a gate decides on it."""
