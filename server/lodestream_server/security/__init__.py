"""Who may call, over what, how often: tokens, certificates, limits. See docs/security.md."""
