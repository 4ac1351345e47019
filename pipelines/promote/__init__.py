"""Promotion: a challenger takes the champion's place only if it costs less and is worse in nothing that counts."""
