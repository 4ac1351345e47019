"""Alarms on trial: gateways that fall silent, scores that chatter, budgets that must be kept, and planted faults."""
