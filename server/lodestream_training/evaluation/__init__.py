"""How good the bundle is: words, pictures, field against mesh, variety; measured through the server's own pipeline."""
