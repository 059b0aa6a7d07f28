"""One question a file: `measure` answers it with one row per repetition, `table` sums the rows up."""
