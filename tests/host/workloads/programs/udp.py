import socket
import time

from canary import live

one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
one.bind(('127.0.0.1', 0))
two.bind(('::1', 0))
for each in (one, two):
    each.settimeout(5)
    each.connect(each.getsockname())


def check(beat):
    """What was sent is unread half of the time."""
    text = b'%08d' % beat
    sent = all(each.send(text) == 8 for each in (one, two))
    time.sleep(0.02)
    return sent and all(each.recv(8) == text for each in (one, two))


live(check)
