"""The language-neutral form of a program: nodes, modules, names, routes and facts."""
