"""What a person reads in a terminal: the report, one control with its evidence, a control's page, progress, misuse."""
