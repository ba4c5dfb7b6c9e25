"""Room for thousands of connections: looks at the limit of open files and raises it where it may. Knows nothing else."""

from __future__ import annotations

import resource

SPARE_FILES = 256


def files_for(count: int) -> str:
    """Make room for `count` connections; empty, or one sentence when the limit (LimitNOFILE) is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = count + SPARE_FILES
    if soft < need:
        soft = hard if hard != resource.RLIM_INFINITY and hard < need else need
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return "" if soft >= need else f"{count} terminals need {need} open files; LimitNOFILE allows {soft}"
