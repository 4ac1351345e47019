"""Named states in onboarding: stretches and duty cycles, with labels or without."""
