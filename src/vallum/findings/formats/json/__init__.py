"""The JSON report that scripts read, and the reader that turns it back into a `Report`."""
