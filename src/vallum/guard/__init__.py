"""Floor 3: the runtime toolkit that an application is built with."""
