import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

it('descriptors that the daemon was started with do not get into what it starts', () => {
  const module = path.join(import.meta.dirname, 'close-inherited.ts');
  const script = `
    const { closeInheritedDescriptors } = await import('${module}');
    const { spawnSync } = await import('node:child_process');
    const list = () => spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout.trim().split('\\n').sort().join();
    console.log(JSON.stringify([list().includes('240'), closeInheritedDescriptors(), list()]));
  `;
  const command = 'exec 240</dev/null; exec "$@"';
  const { stdout, stderr } = spawnSync(
    '/bin/bash',
    ['-c', command, 'bash', process.execPath, '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(stdout || `"${stderr}"`)).toEqual([true, expect.arrayContaining([240]), '0,1,2,3']);
});
