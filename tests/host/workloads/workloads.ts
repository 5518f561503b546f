/** What a checkpoint of one kind of work is expected to do. */
export type Workload = {
  readonly name: string;
  /** What the machine does, as the table in docs/checkpointing.md says it. */
  readonly holds: string;
  /** Started in the machine as a session of its own, in /root, where `programs/` is. */
  readonly command: string;
  readonly image?: 'debian/13';
  readonly ramdisk?: true;
  /** Absent: it is held and comes back. Else what the refusal must say. */
  readonly refusal?: RegExp;
  /** Not seen beforehand: CRIU refuses it in the middle of the dump. */
  readonly isFoundByCriu?: true;
  /** Started from outside, as `exec` does it, not as a session of its own. */
  readonly isLeftByExec?: true;
};

function held(name: string, holds: string, command: string, rest: Partial<Workload> = {}): Workload {
  return { name, holds, command, ...rest };
}

function refused(name: string, holds: string, command: string, refusal: RegExp): Workload {
  return { name, holds, command, refusal };
}

const python = (program: string): string => `python3 ${program}.py`;

/** Everything that is tried; the order is that of the table. */
export const workloads: readonly Workload[] = [
  held('shell', 'a shell that starts a process for each line', 'sh shell.sh'),
  held('busy loop', 'a process that never waits', python('busy-loop')),
  held('open files', 'positions in open files, appending', python('open-files')),
  held('unlinked files', 'an open file without a name; a memfd', python('unlinked-files')),
  held('pipes', 'pipes, a FIFO, unread bytes', python('pipes')),
  held(
    'UNIX sockets',
    'stream, datagram (abstract) and packet sockets; unread bytes',
    python('unix-sockets'),
  ),
  held(
    'TCP connections',
    'established, IPv4 and IPv6, over the machine’s own address; unread bytes',
    python('tcp-connections'),
  ),
  held(
    'server under load',
    'an HTTP server, two clients that connect anew all the time',
    python('server-under-load'),
  ),
  held('UDP', 'connected datagram sockets, datagrams on their way', python('udp')),
  held('netlink', 'a socket to the kernel, answers on their way', python('netlink')),
  held('epoll', 'level, edge and one-shot, with an eventfd', python('epoll')),
  held('timers', 'periodic and single: interval, POSIX, timerfd', python('timers')),
  held('threads', 'eight threads that wait on a condition', python('threads')),
  held(
    'shared memory',
    'System V memory, semaphore and message queue; POSIX; anonymous',
    python('shared-memory'),
  ),
  held('mapped files', 'shared and private mappings', python('mapped-files')),
  held('inotify', 'watches on the disk, of a link too, and on memory file systems', python('inotify')),
  held('pty', 'a shell on a terminal of its own', python('pty-session')),
  held('SQLite', 'a writer and a reader in WAL mode', python('sqlite-wal')),
  held('Node.js', 'an HTTP server with eight keep-alive clients', 'node keep-alive-server.mjs'),
  held('Python', 'a heap of objects and a generator', python('python-heap')),
  held('tmux', 'its server with a shell at work', 'sh tmux.sh'),
  held('children', 'a tree of processes in sessions of their own, a zombie', python('children')),
  held('signals', 'handlers; pending, blocked and queued signals', python('signals')),
  held('file locks', 'flock and POSIX locks', python('file-locks')),
  held('memory disk', 'files, an open one among them, in /ramdisk', python('ramdisk'), { ramdisk: true }),
  held('mount namespace', 'a process with mounts of its own', python('mount-namespace')),
  held('chroot', 'a process with another root', python('chroot')),
  held('systemd', 'Debian with systemd and journald, and a service', 'systemd', { image: 'debian/13' }),
  refused(
    'removed link',
    'an open file whose name is gone while another stays',
    python('removed-link'),
    /has \/root\/first open, which has lost its name and not its last one/,
  ),
  refused(
    'large unlinked file',
    'an open file without a name, of 65 MiB',
    'python3 removed-link.py large',
    /has \/root\/first open, which has no name and is larger than 64 MiB/,
  ),
  refused('traced process', 'strace', 'strace -o /dev/null sh shell.sh', /is being traced/),
  {
    name: 'left by exec',
    holds: 'a command from outside that runs on in the background',
    command: 'sh shell.sh',
    refusal: /belongs to a session that was begun from outside/,
    isLeftByExec: true,
  },
  ...(['net', 'ipc', 'uts', 'user'] as const).map((kind) =>
    refused(
      `${kind} namespace`,
      `a process in a ${kind} namespace of its own`,
      `python3 outside-namespace.py ${kind}`,
      new RegExp(`is in a ${kind} namespace of its own`),
    ),
  ),
  refused('userfaultfd', 'a userfaultfd', 'python3 kernel-object.py 323 1', /uses userfaultfd/),
  refused(
    'fanotify',
    'a fanotify group',
    'python3 kernel-object.py 300 0x200 0',
    /watches files with fanotify/,
  ),
  refused(
    'pressure trigger',
    'a process that is to be told when memory gets short',
    python('pressure'),
    /has a trigger on \/proc\/pressure\/memory set/,
  ),
  refused(
    'message queue',
    'a POSIX message queue',
    python('message-queue'),
    /has a POSIX message queue open/,
  ),
  {
    name: 'unread events',
    holds: 'a watch (inotify) whose events nobody reads',
    command: python('unread-events'),
    refusal: /has not read of changes to the files that it watches/,
    isFoundByCriu: true,
  },
  {
    name: 'vsock',
    holds: 'a socket to the hypervisor, which CRIU finds only while it dumps',
    command: 'python3 kernel-object.py 41 40 1 0',
    refusal: /The machine’s memory can’t be held: /,
    isFoundByCriu: true,
  },
];
