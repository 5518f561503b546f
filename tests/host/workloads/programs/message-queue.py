import ctypes

from canary import live

libc = ctypes.CDLL(None, use_errno=True)
queue = libc.mq_open(b'/workload', 0o102, 0o600, None)
if queue < 0:
    raise OSError(ctypes.get_errno())
live(lambda beat: True)
