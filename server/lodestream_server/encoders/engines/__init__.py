"""What runs the networks. Engines are siblings: none imports another."""
