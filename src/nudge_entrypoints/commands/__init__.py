"""The groups of the command line, a module each: `nudge feed poll` is `poll` in `feed`."""
