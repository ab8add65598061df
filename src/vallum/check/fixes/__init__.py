"""Safe rewrites, one file for each; a module builds one `Rewrite` called `REWRITE` and is found by its place."""
