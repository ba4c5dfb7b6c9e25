"""What the system says of a file or a socket that failed, for people. A table; what it lacks stays as the system says it. Does no I/O."""

from __future__ import annotations

import errno
from typing import Final

_ZH: Final[dict[int, str]] = {
    errno.ENOENT: "没有该文件或目录",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许此操作",
    errno.EEXIST: "文件已存在",
    errno.EISDIR: "这是一个目录",
    errno.ENOTDIR: "路径中有一项不是目录",
    errno.ENOTEMPTY: "目录不为空",
    errno.ENAMETOOLONG: "名称太长",
    errno.ELOOP: "符号链接循环",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超出磁盘配额",
    errno.EROFS: "文件系统只读",
    errno.EFBIG: "文件太大",
    errno.EIO: "读写出错,可能是磁盘故障",
    errno.ENODEV: "没有该设备",
    errno.ENXIO: "设备不存在或未连接",
    errno.EBUSY: "正被占用",
    errno.EMFILE: "打开的文件过多",
    errno.ENFILE: "系统打开的文件过多",
    errno.ENOMEM: "内存不足",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有该地址",
    errno.ECONNREFUSED: "对方拒绝连接(可能没有运行)",
    errno.ECONNRESET: "连接被对方断开",
    errno.EPIPE: "连接已断开",
    errno.ETIMEDOUT: "连接超时",
    errno.EHOSTUNREACH: "无法到达该主机",
    errno.ENETUNREACH: "网络不可达",
}


def os_zh(error: OSError) -> str:
    """The reason in Chinese, for the Chinese half of a sentence; the system's own words where the table has none."""
    return _ZH.get(error.errno or 0) or error.strerror or str(error)
