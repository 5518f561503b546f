import os
import select
import socket

from canary import live

epoll = select.epoll()
read_end, write_end = os.pipe()
left, right = socket.socketpair()
event = os.eventfd(0)
epoll.register(read_end, select.EPOLLIN)
epoll.register(right.fileno(), select.EPOLLIN | select.EPOLLET)
epoll.register(event, select.EPOLLIN | select.EPOLLONESHOT)


def check(beat):
    os.write(write_end, b'x')
    left.send(b'y')
    os.eventfd_write(event, beat)
    ready = {descriptor for descriptor, _ in epoll.poll(5)}
    epoll.modify(event, select.EPOLLIN | select.EPOLLONESHOT)
    right_ones = ready == {read_end, right.fileno(), event}
    return right_ones and os.read(read_end, 2) == b'x' and right.recv(2) == b'y' and os.eventfd_read(event) == beat


live(check)
