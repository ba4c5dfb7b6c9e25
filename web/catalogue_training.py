"""The words of a shadow station's pages in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "page.training": ("训练", "Training"),
    "training.mark": ("训练", "TRAINING"),
    "training.frame": ("训练台站 · 不通向任何真实线路", "TRAINING STATION · no route to a real line"),
    "training.choose": ("选择一项训练", "Choose an exercise"),
    "training.start": ("开始", "Start"),
    "training.again": ("重新开始", "Start again"),
    "training.stop": ("结束训练", "End the exercise"),
    "training.left": ("剩余 {time}", "{time} left"),
    "training.over": ("训练结束 · 讲评", "The exercise is over · debrief"),
    "training.running": ("进行中", "Under way"),
    "training.none": ("教官尚未就绪", "The instructor is not ready yet"),
    "training.goal": ("目标", "Goal"),
    "training.target": ("时限", "Within"),
    "training.took": ("用时", "Took"),
    "training.good": ("达到", "Met"),
    "training.bad": ("未达到", "Not met"),
    "training.open": ("进行中", "Open"),
    "training.never": ("不得发生", "Must not happen"),
    "training.acts": ("您的操作", "What you did"),
    "training.noacts": ("尚无操作", "Nothing yet"),
    "training.unverified": (
        "时限为本程序自定,未经法规核对",
        "The limits are this program's own, unverified against any regulation",
    ),
}
