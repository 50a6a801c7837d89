"""From words and pictures to what the networks read."""
