"""One pass of EM by everyone who can make one: a file each, and the same start for all."""
