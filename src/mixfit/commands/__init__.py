"""What `mixfit` can do beside fitting: one command, one file, each with `main(arguments)`.

`asked` reads what all commands over a run share: the run's folder, its model, and which points to look at.
"""
