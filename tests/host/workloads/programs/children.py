import os
import signal
import time

from canary import live

ended = [0]


def tree(depth):
    """A process with two children, down to `depth`, the first of each in a session of its own."""
    if depth == 0:
        while True:
            signal.pause()
    for number in range(2):
        if os.fork() == 0:
            if number == 0:
                os.setsid()
            tree(depth - 1)
    while True:
        signal.pause()


# Whoever started it may have asked not to be told of ended children: then there are no zombies.
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
root = os.fork()
if root == 0:
    tree(3)
if os.fork() == 0:
    # Nobody ever waits for it: a zombie of its parent.
    os._exit(3)


def check(beat):
    if beat % 10 == 0:
        child = os.fork()
        if child == 0:
            os._exit(beat % 7)
        ended[0] += 1
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != beat % 7:
            return False
    return is_complete()


def is_complete():
    states = [line.split(') ')[-1][0] for line in map(stat_of, filter(str.isdigit, os.listdir('/proc'))) if '(python3)' in line]
    return len(states) == 17 and states.count('Z') == 1


def stat_of(name):
    try:
        with open(f'/proc/{name}/stat') as stat:
            return stat.read()
    except OSError:
        return ''


while not is_complete():
    time.sleep(0.01)
live(check, pause=0.05)
