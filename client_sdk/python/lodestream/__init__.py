"""The SDK of lodestream: stream rigged avatars from a prompt."""
