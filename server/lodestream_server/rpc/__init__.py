"""gRPC: turns messages into calls and back. Decides nothing."""
