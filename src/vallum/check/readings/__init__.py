"""What several rules read in the same way: words in names, where values come from, who may call a handler."""
