"""Code that is generated: the SDK of our own provider."""
