"""The ways into an application, framework by framework."""
