"""What gateways are sent: the bundle that serves, or a small network that answers as it does."""
