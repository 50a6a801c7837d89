"""Finished levels on disk, and the recipes to make them again."""
