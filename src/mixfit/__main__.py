"""`python -m mixfit` is the command `mixfit`."""

from mixfit.main import main

main()
