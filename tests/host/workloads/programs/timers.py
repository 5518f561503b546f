import os
import select
import signal
import time

from canary import live

fired = {'interval': 0, 'descriptor': 0}


def on_alarm(*_):
    fired['interval'] += 1


signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
timer = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(timer, initial=0.05, interval=0.05)
last = [dict(fired), time.monotonic()]


def check(beat):
    if select.select([timer], [], [], 0)[0]:
        fired['descriptor'] += int.from_bytes(os.read(timer, 8), 'little')
    forward = time.monotonic() >= last[1]
    last[1] = time.monotonic()
    if beat % 50 == 0:
        running = all(fired[kind] > last[0][kind] for kind in fired)
        last[0] = dict(fired)
        return running and forward
    return forward


live(check)
