import os
import sys

from canary import live

held = open('/root/first', 'w+b', buffering=0)
if sys.argv[1:] == ['large']:
    held.truncate(65 * 1024 * 1024)
else:
    os.link('/root/first', '/root/second')
os.unlink('/root/first')
live(lambda beat: held.write(b'x') == 1)
