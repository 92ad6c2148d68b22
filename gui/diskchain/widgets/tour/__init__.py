"""The tour: the window played by itself, by mouse and keyboard of the window system, with a picture of each step."""
