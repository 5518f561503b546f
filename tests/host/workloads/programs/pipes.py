import os

from canary import live

to_child, from_parent = os.pipe()
to_parent, from_child = os.pipe()
os.mkfifo('/root/fifo')
fifo = os.open('/root/fifo', os.O_RDWR)
if os.fork() == 0:
    seen = 0
    while True:
        beat = os.read(to_child, 8)
        seen += 1
        os.write(from_child, b'%s%08d' % (beat, seen))
unread_end, write_end = os.pipe()
os.write(write_end, b'left unread')
unread = [b'left unread']


def check(beat):
    os.write(from_parent, b'%08d' % beat)
    os.write(fifo, b'%08d' % beat)
    if beat % 10 == 0:
        unread[0] = os.read(unread_end, 100)
        os.write(write_end, unread[0])
    return os.read(to_parent, 16) == b'%08d%08d' % (beat, beat) and os.read(fifo, 8) == b'%08d' % beat \
        and unread[0] == b'left unread'


live(check)
