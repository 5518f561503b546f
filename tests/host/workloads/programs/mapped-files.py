import mmap

from canary import PATTERN, live

with open('/root/mapped', 'wb') as made:
    made.write(PATTERN)
file = open('/root/mapped', 'r+b')
shared = mmap.mmap(file.fileno(), len(PATTERN))
private = mmap.mmap(file.fileno(), len(PATTERN), flags=mmap.MAP_PRIVATE)
private[4096:8192] = b'p' * 4096


def check(beat):
    shared[0:8] = b'%08d' % beat
    with open('/root/mapped', 'rb') as again:
        on_disk = again.read(8)
    return on_disk == b'%08d' % beat and shared[8:] == PATTERN[8:] and private[4096:8192] == b'p' * 4096 \
        and private[8192:] == PATTERN[8192:]


live(check)
