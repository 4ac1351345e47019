"""NASA C-MAPSS turbofan engines (Saxena et al. 2008): remaining life at the last cycle of each test engine."""
