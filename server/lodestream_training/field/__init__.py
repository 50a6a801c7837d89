"""Training of the conditional field: decoder, losses, volume rendering, export."""
