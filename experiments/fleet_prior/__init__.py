"""What a new machine can borrow from its fleet, on simulated pumps without a fault; and what becomes of a baseline."""
