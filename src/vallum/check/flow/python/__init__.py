"""Python lowered to the neutral nodes."""
