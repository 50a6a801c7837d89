"""Synthetic people: attributes, sampling, painting and pictures."""
