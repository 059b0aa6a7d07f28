"""One question a file: `measure` makes rows from its runs; `answer`, `table` and `figure` say what the rows say."""
