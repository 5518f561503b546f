import { describe, expect, it } from 'vitest';
import { readCommandLine } from './configuration.ts';
import { faultHook } from './fault-hook.ts';

describe('the command line', () => {
  it('takes options before environment variables before defaults', () => {
    const read = readCommandLine(['run', '--on-exit', 'stop', '--control-url', 'http://127.0.0.1:1'], {
      NODE_DAEMON_ON_EXIT: 'keep',
      NODE_DAEMON_DATA_DIR: '/tmp/here',
      NODE_DAEMON_METRICS_PORT: '',
      NODE_DAEMON_STORAGE: 'zfs:tank/machines',
    });
    expect(read).toMatchObject({
      command: 'run',
      configuration: {
        onExit: 'stop',
        dataDir: '/tmp/here',
        driver: 'auto',
        storage: { kind: 'zfs', pool: 'tank/machines' },
        metricsPort: 9478,
        logLevel: 'info',
      },
    });
  });

  it('keeps the command of exec and everything after it apart from its own options', () => {
    const read = readCommandLine(['exec', '--env', 'A=b=c', 'box', '--', 'ls', '--help', '-la'], {});
    expect(read).toMatchObject({
      command: 'exec',
      container: 'box',
      argv: ['ls', '--help', '-la'],
      environment: { A: 'b=c' },
    });
  });

  it.each([
    [[], 'No command given.'],
    [['fly'], 'No command "fly".'],
    [['run', '--nonsense'], '--nonsense'],
    [['run', 'now'], 'Unexpected argument: now'],
    [['run', '--metrics-port', '70000'], '--metrics-port'],
    [['run', '--metrics-port', 'x'], '--metrics-port'],
    [['run', '--driver', 'magic'], '--driver'],
    [['run', '--storage', 'zfs:'], '--storage: not one of auto | btrfs | directory | zfs:POOL'],
    [['run', '--on-exit', 'explode'], '--on-exit'],
    [['run', '--transfer-listen', 'somewhere'], '--transfer-listen: not ADDRESS:PORT or off'],
    [['run', '--control-url', 'ftp://x'], '--control-url'],
    [['enroll', '--join-token', 'abc'], '--join-token: a join token is 64 hex digits'],
    [['exec', 'box'], 'exec needs a container and a command.'],
    [['exec', 'box', '--timeout-ms', '0', '--', 'ls'], '--timeout-ms'],
  ])('refuses %j', (argv, message) => {
    const read = readCommandLine(argv, {});
    expect(read.command).toBe('invalid');
    expect('message' in read ? read.message : '').toContain(message);
  });

  it('knows help, version and no metrics', () => {
    expect(readCommandLine(['--help'], {})).toEqual({ command: 'help' });
    expect(readCommandLine(['version'], {})).toEqual({ command: 'version' });
    expect(readCommandLine(['run', '--metrics-port', 'off'], {})).toMatchObject({
      configuration: { metricsPort: null },
    });
  });

  it('gives nothing to other hosts unless it is told where', () => {
    expect(readCommandLine(['run'], {})).toMatchObject({ configuration: { transferListen: null } });
    const environment = { NODE_DAEMON_TRANSFER_LISTEN: '[::]:7300' };
    expect(readCommandLine(['run'], environment)).toMatchObject({
      configuration: { transferListen: { address: '::', port: 7300 } },
    });
  });
});

describe('the fault hook', () => {
  it('does nothing unless asked, and refuses what it does not understand', () => {
    expect(() => faultHook(undefined)('create', 'start-machine', 'after')).not.toThrow();
    expect(() => faultHook('')('create', 'start-machine', 'after')).not.toThrow();
    expect(() => faultHook('create:start-machine:sleep')).toThrow('NODE_DAEMON_FAULT');
  });
});
