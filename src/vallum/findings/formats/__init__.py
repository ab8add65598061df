"""One module for each format; each turns a `Report` into text."""
