import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { waitFor } from '../testing/wait-for.ts';
import { CommandShell } from './command-shell.ts';

describe('commands through the shell', () => {
  const shell = new CommandShell();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'commands-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['plain'],
    [''],
    ['two words'],
    ['it\'s; rm -rf / && $(reboot) `id` \\ " * ~'],
    ['line\nbreak\n'],
    ['-n'],
    ['ü€😀'],
  ])('get each argument as it was meant: %j', async (argument) => {
    const end = await shell.run({ command: 'printf', argv: ['%s|', argument, 'last'] });
    expect(end).toEqual({ code: 0, stdout: `${argument}|last|`, stderr: '' });
  });

  it('get their input, whatever is in it, and say how they ended', async () => {
    const input = 'end\n$HOME `id`\nend_\n';
    expect(await shell.run({ command: 'cat', argv: [], input })).toMatchObject({ code: 0, stdout: input });
    expect(await shell.run({ command: 'cat', argv: [] })).toMatchObject({ stdout: '' });
    const failing = await shell.run({ command: 'sh', argv: ['-c', 'echo bad >&2; exit 7'] });
    expect(failing).toEqual({ code: 7, stdout: '', stderr: 'bad\n' });
    expect(await shell.run({ command: 'no-such-command', argv: [] })).toMatchObject({ code: 127 });
    expect(await shell.run({ command: 'sh', argv: ['-c', 'kill -9 $$'] })).toMatchObject({ code: 137 });
  });

  it('run beside each other, each with its own outcome', async () => {
    // Each waits for what the next one does: in sequence they would never end.
    const fifos = [0, 1, 2].map((index) => path.join(folder, `fifo${index}`));
    execFileSync('mkfifo', fifos);
    const [first, second, third] = fifos;
    const ends = await Promise.all([
      shell.run({ command: 'sh', argv: ['-c', `read -r x <'${first}'; echo "got $x"`] }),
      shell.run({
        command: 'sh',
        argv: ['-c', `read -r x <'${second}'; echo one >'${first}'; echo "got $x"`],
      }),
      shell.run({ command: 'sh', argv: ['-c', `echo two >'${second}'; echo done`] }),
    ]);
    expect(ends.map(({ stdout }) => stdout)).toEqual(['got one\n', 'got two\n', 'done\n']);
    expect(third).toBeDefined();
  });

  it('are killed at their timeout, and print as much as is allowed', async () => {
    const startedAt = performance.now();
    expect(await shell.run({ command: 'sleep', argv: ['100'], timeoutMs: 100 })).toMatchObject({ code: 137 });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    const long = await shell.run({ command: 'head', argv: ['-c', '3000000', '/dev/zero'] });
    expect(long.stdout.length).toBe(3_000_000);
    await expect(shell.run({ command: 'head', argv: ['-c', '20000000', '/dev/zero'] })).rejects.toThrow(
      'too much',
    );
  });

  it('have no descriptor of the shell’s or the daemon’s', async () => {
    const argv = ['-c', 'ls /proc/$$/fd'];
    const { stdout } = await shell.run({ command: 'sh', argv });
    expect(stdout).toBe(execFileSync('sh', argv, { encoding: 'utf8' }));
  });

  it('are reported as lost when the shell is killed, and the next one has a new shell', async () => {
    const lost = new CommandShell();
    const { stdout } = await lost.run({ command: 'sh', argv: ['-c', 'cut -d" " -f4 /proc/$PPID/stat'] });
    const running = lost.run({ command: 'sleep', argv: ['1000'] });
    running.catch(() => undefined);
    process.kill(Number(stdout), 'SIGKILL');
    await expect(running).rejects.toThrow('killed');
    expect(await lost.run({ command: 'echo', argv: ['again'] })).toMatchObject({ stdout: 'again\n' });
  });

  it('leave no process and no file of the shell when the daemon is killed, and nothing that was asked is begun then', async () => {
    const module = path.join(import.meta.dirname, 'command-shell.ts');
    const script = `import { CommandShell } from ${JSON.stringify(module)};
      const shell = new CommandShell();
      const { stdout } = await shell.run({ command: 'sh', argv: ['-c', 'echo $PPID; cut -d" " -f4 /proc/$PPID/stat'] });
      process.stdout.write(stdout); setInterval(() => undefined, 1000);`;
    const daemon = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<string>((resolve) => {
      daemon.stdout.once('data', (chunk: Buffer) =>
        resolve(chunk.toString().trim().split('\n').at(-1) ?? ''),
      );
    });
    const outputs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').at(-2) ?? '';
    expect(existsSync(outputs)).toBe(true);
    daemon.kill('SIGKILL');
    await waitFor('the end of the shell', () => !existsSync(`/proc/${pid}`));
    expect(existsSync(outputs)).toBe(false);
  });
});
