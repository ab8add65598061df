"""What a project depends on, as its manifests say it."""
