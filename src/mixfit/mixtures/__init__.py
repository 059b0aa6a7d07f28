"""The mathematics of mixture densities: torch only, no training loop, no configuration.

Reading order: `statistics` (the one idea), `covariances` (one family, one file), `mixture` (the model that the two
make), `standardization` and `density` (the data's own units), `initializers` (where a fit starts).
"""
