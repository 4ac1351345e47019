"""The one worker of an installation: keeps online features and forecasts up to date while the service answers."""
