import socket

from canary import live

one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
one.bind(('127.0.0.1', 0))
two.bind(('::1', 0))
for each in (one, two):
    each.settimeout(5)
    each.connect(each.getsockname())


def check(beat):
    text = b'%08d' % beat
    return all(each.send(text) == 8 and each.recv(8) == text for each in (one, two))


live(check)
