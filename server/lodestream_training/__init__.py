"""Training: synthetic people, towers, field and the bundle they are baked into (torch lives only here)."""
