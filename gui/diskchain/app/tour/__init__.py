"""The tour: the window played by itself, by the window system's mouse and keyboard, with a picture of each step."""
