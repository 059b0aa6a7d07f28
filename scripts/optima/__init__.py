"""One question a file, as in `scripts/benchmarks`: how near to the best maximum of the likelihood do fits end?"""
