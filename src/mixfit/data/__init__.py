"""Where points come from. One source, one file; each has `load(seed) -> Dataset`.

`bimodal`, `gaussians`, `mixgen`, `mixsim`, `marron_wand` and the shapes in the plane know their true density (`truth`),
`old_faithful` and `galaxies` ship with the package, `file` reads the user's.
`module` hands any of them to Lightning.
"""
