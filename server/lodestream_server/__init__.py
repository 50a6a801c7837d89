"""The worker: prompts in, rigged avatars out, level by level."""
