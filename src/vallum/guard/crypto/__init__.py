"""Random values, comparison and encryption for applications, without modes or primitives to choose."""
