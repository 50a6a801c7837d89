"""The embedded bundle's encoders and fusion: text tower, two ViT towers, fusion, their training and export."""
