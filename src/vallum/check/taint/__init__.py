"""The abstract interpreter: where data from outside can go."""
