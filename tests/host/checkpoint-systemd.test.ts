import { describe, expect, it } from 'vitest';
import { patience, waitFor } from '../../node-daemon/src/testing/wait-for.ts';
import { provideMachine } from './support/provide-machine.ts';

/** Emulated, each takes a minute. */
const rounds = Math.max(2, Math.round(4 / patience));
const counter = 'n=0; while :; do n=$((n+1)); echo $n $$ >/root/count; sleep 0.05; done';
const unit =
  '[Service]\\nExecStart=/bin/sh /root/counter\\nExecReload=/bin/cp /ramdisk/round /root/reloaded\\n';
const oneShot = '[Service]\\nType=oneshot\\nExecStart=/bin/cp /ramdisk/round /root/copied\\n';

/** The image that most machines are made of, with all that a default machine has. */
describe('a Debian machine with systemd', () => {
  const { run, shell, snapshot, restore } = provideMachine({
    image: 'debian/13',
    memory_bytes: 512 * 1024 * 1024,
    ramdisk: true,
  });
  const up = (): Promise<unknown> =>
    waitFor(
      'systemd to be up',
      async () => /running|degraded/.test(await shell('systemctl is-system-running')),
      60_000,
    );
  /** How far the service has counted, and its process; undefined while it writes. */
  const readCount = async (): Promise<{ count: number; process: string } | undefined> => {
    const [count, process] = (await shell('cat /root/count 2>/dev/null')).split(' ');
    return process === undefined ? undefined : { count: Number(count), process };
  };

  it(
    'is held while it boots and boots on, from there and twice again from the snapshot',
    async () => {
      await run('create');
      expect(await snapshot('booting')).toMatchObject({ type: 'completed', result: { state: 'running' } });
      await up();
      // The second time the disk that was held is gone for good.
      for (let time = 0; time < 2; time += 1) {
        expect(await restore('booting')).toMatchObject({ result: { restored_as: 'memory' } });
        await up();
      }
    },
    180_000 * patience,
  );

  it(
    'is held and comes back again and again, with its services, their memory and /ramdisk',
    async () => {
      await shell(`echo '${counter}' >/root/counter`);
      await shell(`printf '${unit}' >/etc/systemd/system/work.service`);
      await shell(`printf '${oneShot}' >/etc/systemd/system/copy.service`);
      // systemd watches this link, as it does in every machine that was given a time zone.
      await shell('ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime');
      expect(await shell('systemctl start work 2>&1')).toBe('');
      // What ends in it is not systemd's child: systemd hears of it through the group.
      await shell('systemd-run --scope --unit lone setsid tail -f /dev/null </dev/null >/dev/null 2>&1 &');
      const scope = (): Promise<string> => shell('systemctl is-active lone.scope || :');
      await waitFor('a scope', async () => (await scope()) === 'active');
      for (let round = 0; round < rounds; round += 1) {
        await shell(`echo ${round} >/ramdisk/round`);
        const before = await waitFor('the service', readCount);
        expect(await snapshot(`round-${round}`)).toMatchObject({ type: 'completed' });
        await shell('echo later >/ramdisk/round; touch /ramdisk/later');
        expect(await restore(`round-${round}`)).toMatchObject({ result: { restored_as: 'memory' } });
        expect(await shell('cat /ramdisk/round; ls /ramdisk')).toBe(`${round}\nround`);
        await waitFor('the service to go on', async () => {
          const now = await readCount();
          return now !== undefined && now.count > before.count && now.process === before.process;
        });
        // systemd still hears of its services, adds processes to their groups, and makes new groups.
        expect(await shell('systemctl is-active work')).toBe('active');
        expect(await shell('systemctl reload work 2>&1; cat /root/reloaded')).toBe(String(round));
        expect(await shell('systemctl start copy 2>&1; cat /root/copied')).toBe(String(round));
      }
      expect(await scope()).toBe('active');
      await shell('kill "$(pidof tail)"');
      await waitFor('systemd to see the scope end', async () => (await scope()) !== 'active');
    },
    300_000 * patience,
  );
});
