"""The graphics as the player uses them; all of it is `schedules.graphics`, which the witness shares. Knows nothing of its own."""

from schedules.graphics import Captioned, Graphics, captioned, compose, layers

__all__ = ["Captioned", "Graphics", "captioned", "compose", "layers"]
