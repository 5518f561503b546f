import os

from canary import PATTERN, live

kept = open('/root/unlinked', 'w+b', buffering=0)
kept.write(PATTERN)
os.unlink('/root/unlinked')
memory = os.fdopen(os.memfd_create('workload'), 'w+b', buffering=0)
memory.write(PATTERN)


def check(beat):
    for each in (kept, memory):
        each.seek(0, 2)
        each.write(b'%08d' % beat)
        each.seek(0)
        if each.read(len(PATTERN)) != PATTERN or each.read(8 * beat)[-8:] != b'%08d' % beat:
            return False
    return not os.path.exists('/root/unlinked')


live(check)
