"""Bodies: the template, its shape space, its skeletons and rest poses. Pure functions of arrays."""
