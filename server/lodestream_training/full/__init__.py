"""The full profile: a frozen CLIP and a frozen ViT in front of the embedded bundle's field."""
