import os

os.makedirs('/root/jail/root')
beats = os.open('/root/jail/root/beats', os.O_CREAT | os.O_WRONLY)
os.symlink('/root/jail/root/beats', '/root/beats')
from canary import live  # noqa: E402
import encodings.idna  # noqa: E402,F401

os.chroot('/root/jail')
os.chdir('/')
live(lambda beat: os.listdir('/') == ['root'])
