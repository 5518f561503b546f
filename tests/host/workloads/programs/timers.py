"""Periodic timers go on, and those that fire once, far ahead, are still to come: of each kind that Linux has."""
import ctypes
import os
import select
import signal
import time

from canary import live

PERIOD = 0.05
# Beats of 0.02 s, and so always longer than the period.
WINDOW = 5
AHEAD = 10_000


class Event(ctypes.Structure):
    """struct sigevent of timer_create(2)."""

    _fields_ = [('value', ctypes.c_void_p), ('signal', ctypes.c_int), ('notify', ctypes.c_int), ('rest', ctypes.c_byte * 48)]


class Setting(ctypes.Structure):
    """struct itimerspec: interval and value, each in seconds and nanoseconds."""

    _fields_ = [(name, ctypes.c_long) for name in ('every', 'every_ns', 'first', 'first_ns')]


libc = ctypes.CDLL(None, use_errno=True)


def posix_timer(number, setting):
    timer = ctypes.c_void_p()
    if libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(Event(signal=number)), ctypes.byref(timer)):
        raise OSError(ctypes.get_errno())
    if libc.timer_settime(timer, 0, ctypes.byref(setting), None):
        raise OSError(ctypes.get_errno())
    return timer


fired = {'interval': 0, 'descriptor': 0, 'posix': 0}


def count(kind):
    def handler(*_):
        fired[kind] += 1

    return handler


signal.signal(signal.SIGALRM, count('interval'))
signal.signal(signal.SIGRTMIN, count('posix'))
signal.setitimer(signal.ITIMER_REAL, PERIOD, PERIOD)
nanoseconds = int(PERIOD * 1e9)
posix_timer(signal.SIGRTMIN, Setting(every_ns=nanoseconds, first_ns=nanoseconds))
descriptor = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(descriptor, initial=PERIOD, interval=PERIOD)

signal.setitimer(signal.ITIMER_PROF, AHEAD)
once = posix_timer(signal.SIGUSR1, Setting(first=AHEAD))
relative = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(relative, initial=AHEAD)
absolute = os.timerfd_create(time.CLOCK_REALTIME)
os.timerfd_settime(absolute, flags=os.TFD_TIMER_ABSTIME, initial=time.time() + AHEAD)


def left():
    setting = Setting()
    libc.timer_gettime(once, ctypes.byref(setting))
    return {
        'interval, once': signal.getitimer(signal.ITIMER_PROF)[0],
        'posix, once': setting.first,
        'descriptor, once': os.timerfd_gettime(relative)[0],
        'descriptor, at a time': os.timerfd_gettime(absolute)[0],
    }


last = [dict(fired), time.monotonic()]


def check(beat):
    if select.select([descriptor], [], [], 0)[0]:
        fired['descriptor'] += int.from_bytes(os.read(descriptor, 8), 'little')
    if time.monotonic() < last[1]:
        raise ValueError('the clock went back')
    last[1] = time.monotonic()
    wrong = [kind for kind, seconds in left().items() if not AHEAD - 900 < seconds < AHEAD + 1]
    if beat % WINDOW == 0:
        wrong += [kind for kind in fired if fired[kind] == last[0][kind]]
        last[0] = dict(fired)
    if wrong:
        raise ValueError('; '.join(wrong))
    return True


live(check)
