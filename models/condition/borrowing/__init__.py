"""What is normal for a machine of which little was seen: borrowed from its fleet, then followed."""
