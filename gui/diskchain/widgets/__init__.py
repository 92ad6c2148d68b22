"""All of Qt's widgets: the window and what is in it. Knows sessions and pictures; knows neither QMP nor what carries it."""
