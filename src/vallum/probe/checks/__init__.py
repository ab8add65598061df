"""One module for each claim about the running app, by area. The folder is the registry."""
