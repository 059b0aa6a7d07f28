"""Where points come from. One source, one file; each has `load(seed) -> Dataset`.

`bimodal` and `gaussians` know their true density, `old_faithful` ships with the package, `file` reads the user's.
`module` hands any of them to Lightning.
"""
