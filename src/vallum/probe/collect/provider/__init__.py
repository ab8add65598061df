"""An OpenID provider on this machine, for the time of a trial: the app under test is told to trust it."""
