"""Floor 3: live tests. `collect/` is the only network code; `checks/` are pure functions over exchanges."""
