"""Disk Chain: see and work the live disk chains of QEMU machines.

The house, from the ground up; no room knows the rooms above it or beside it:

- `model`: what a machine's block layer is. `signal`, `resources`: small tools of the ground floor.
- `qapi`: QEMU's vocabulary as values, the only reader of replies. `images`: headers of image files. `layout`: graph to positions.
- `operations`: what a user can do. `monitors`: the lines to QEMU. `sandbox`: the throw-away machine.
- `session`: one machine watched and worked. `picture`: paints a graph on any painter.
- `widgets`: the window. `cli`: the commands without one.
- `app`: where loop, sessions and window meet. `__main__`: the command `diskchain`.
"""
