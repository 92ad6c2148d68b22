"""The sandbox: a private throw-away QEMU with two disks on chains, and a little guest that keeps them busy.

`machine.Sandbox` is all that others need, and `sweep.sweep()` at start-up. Below them: `images` writes the disks, `command`
says QEMU's words, `line` talks to the guest, `folder` keeps the private folder and its marker, `removal` the rule of what
may be removed, `process` tells processes apart. The guest itself is `resources/guest/guest.asm`.
"""
