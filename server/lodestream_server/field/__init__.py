"""The conditional radiance field in surface coordinates: planes, decoder, extraction, rendering."""
