"""The library of pictures that prompts are matched with."""
