from canary import PATTERN, live

with open('/root/pattern', 'wb') as made:
    made.write(PATTERN)
reading = open('/root/pattern', 'rb', buffering=0)
appending = open('/root/appended', 'ab', buffering=0)
both = open('/root/both', 'w+b', buffering=0)


def check(beat):
    at = ((beat - 1) * 16) % len(PATTERN)
    if at == 0:
        reading.seek(0)
    appending.write(b'%08d' % beat)
    both.write(b'%08d' % beat)
    both.seek((beat - 1) * 8)
    return reading.read(16) == PATTERN[at:at + 16] and both.read(8) == b'%08d' % beat and appending.tell() == beat * 8


live(check)
