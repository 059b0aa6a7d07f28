"""mixfit: a config-driven laboratory for mixture densities."""
