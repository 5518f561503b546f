import os

from canary import live

trigger = os.open('/proc/pressure/memory', os.O_RDWR | os.O_NONBLOCK)
os.write(trigger, b'some 200000 2000000')
live(lambda beat: True)
