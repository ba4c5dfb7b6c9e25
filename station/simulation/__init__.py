"""A broadcast day on a fake clock: the production controller, with made-up players, terminals, platforms and people around it."""
