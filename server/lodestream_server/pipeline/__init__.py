"""From a request to levels: encode, retrieve, fuse, then per level decode, extract, texture, write."""
