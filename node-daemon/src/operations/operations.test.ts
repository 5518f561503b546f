import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../testing/daemon-process.ts';
import { findLeftovers, groupsOf, processesOf } from '../testing/host-leftovers.ts';
import { makeSpec, TestHost, whyNoMachines } from '../testing/test-host.ts';
import { waitFor } from '../testing/wait-for.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'commands of the control plane, on real machines',
  () => {
    const host = new TestHost();
    const { control } = host;
    let daemon: DaemonProcess;

    beforeAll(async () => {
      await control.listen();
      daemon = await host.startDaemon();
    });
    afterAll(() => host.close());

    it('creates, pauses, resumes, stops, starts and deletes a machine whose files last', async () => {
      const spec = makeSpec({ name: 'My Box', environment_vars: { GREETING: 'good "day" $HOME' } });
      const id = spec.container_id;
      expect(await control.run(spec, 'create')).toMatchObject({
        type: 'completed',
        result: { state: 'running' },
      });
      expect(await daemon.shell(id, 'echo "$GREETING"; hostname; id -u')).toBe('good "day" $HOME\nmy-box\n0');
      expect(await daemon.shell(id, '. /etc/environment; echo "$GREETING"')).toBe('good "day" $HOME');
      await daemon.shell(
        id,
        '(while :; do echo x >>/root/beats; done) >/dev/null 2>&1 </dev/null & echo kept >/root/file',
      );
      const beats = (): Promise<string> => daemon.shell(id, 'wc -c </root/beats');
      await waitFor('the counter', async () => Number(await beats()) > 10);

      expect(await control.run(spec, 'pause')).toMatchObject({ result: { state: 'paused' } });
      await expect(daemon.shell(id, 'true')).rejects.toMatchObject({ code: 'WRONG_STATE' });
      expect(await control.run(spec, 'resume')).toMatchObject({ result: { state: 'running' } });

      expect(await control.run(spec, 'stop')).toMatchObject({ result: { state: 'stopped' } });
      expect(processesOf(id)).toEqual([]);
      expect(groupsOf(id)).toEqual([]);
      expect(await control.run(spec, 'start')).toMatchObject({ result: { state: 'running' } });
      expect(await daemon.shell(id, 'cat /root/file')).toBe('kept');
      expect(await control.run(spec, 'restart')).toMatchObject({ result: { state: 'running' } });
      expect(await control.run(spec, 'force-stop')).toMatchObject({ result: { state: 'stopped' } });
      expect(await control.run(spec, 'delete', { incarnation: 2 })).toMatchObject({
        result: { state: 'absent' },
      });
      expect(findLeftovers(host.dataDir, id)).toEqual([]);
    });

    it('gives a machine no open file of the daemon or of whoever started it', async () => {
      const spec = makeSpec();
      await control.run(spec, 'create');
      expect(await daemon.shell(spec.container_id, 'ls /proc/1/fd | sort -n | tr "\\n" " "')).toMatch(
        /^0 1 2( 10)?$/,
      );
      expect(await daemon.shell(spec.container_id, 'ls -l /proc/1/fd')).not.toMatch(
        /pipe:|socket:|boot\.log/,
      );
      for (const pid of processesOf(spec.container_id)) {
        expect(readdirSync(`/proc/${pid}/fd`).toSorted()).toEqual(['0', '1', '2']);
      }
      await control.run(spec, 'delete');
    });

    it('names each step with its time in the result', async () => {
      const spec = makeSpec();
      const end = await control.run(spec, 'create');
      if (end.type !== 'completed') throw new Error('create failed');
      expect(end.result.steps.map((step) => step.name)).toEqual([
        'define-machine',
        'create-volume',
        'start-machine',
      ]);
      await control.run(spec, 'delete');
    });

    it('answers a repeated operation id with the recorded result and does nothing again', async () => {
      const spec = makeSpec();
      const dispatch = control.makeDispatch(spec, 'create');
      control.send(dispatch);
      const first = await control.ended(dispatch.operation_id);
      await control.run(spec, 'stop');
      control.send(dispatch);
      const again = await waitFor('the repeated answer', () => control.endsOf(dispatch.operation_id).at(1));
      expect(again).toEqual(first);
      const inspected = await control.run(spec, 'inspect');
      expect(inspected).toMatchObject({ result: { state: 'stopped' } });
      await control.run(spec, 'delete');
    });

    it('tries a failed delete again when it is asked for again', async () => {
      const spec = makeSpec();
      await control.run(spec, 'create');
      const held = path.join(host.dataDir, 'volumes', spec.container_id, 'held');
      mkdirSync(held);
      execFileSync('mount', ['-t', 'tmpfs', 'none', held]);
      const dispatch = control.makeDispatch(spec, 'delete', { incarnation: 2 });
      try {
        control.send(dispatch);
        expect(await control.ended(dispatch.operation_id)).toMatchObject({
          type: 'failed',
          error: { code: 'DRIVER_FAILED' },
        });
      } finally {
        execFileSync('umount', [held]);
      }
      control.send(dispatch);
      const again = await waitFor('the second outcome', () => control.endsOf(dispatch.operation_id).at(1));
      expect(again).toMatchObject({ type: 'completed', result: { state: 'absent' } });
      expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
    });

    it('refuses by name and leaves everything as it was', async () => {
      const spec = makeSpec();
      const refused = async (
        code: string,
        command: Parameters<typeof control.run>[1],
        overrides: Parameters<typeof control.run>[2] = {},
      ): Promise<void> => {
        const end = await control.run(overrides.spec ?? spec, command, overrides);
        expect({ command, ...end }).toMatchObject({ command, type: 'failed', error: { code } });
      };
      await refused('IMAGE_NOT_FOUND', 'create', { spec: { ...spec, image: 'windows/95' } });
      await refused('CAPABILITY_MISSING', 'create', { spec: { ...spec, kvm: true } });
      for (const command of ['start', 'stop', 'pause', 'resume', 'restart', 'update', 'snapshot'] as const) {
        await refused('MACHINE_NOT_FOUND', command, { parameters: { snapshot_name: 'a' } });
      }
      await refused('DEADLINE_PASSED', 'create', { deadline_at: new Date(Date.now() - 1000).toISOString() });
      await refused('DRIVER_FAILED', 'create', {
        spec: { ...spec, environment_vars: { 'NOT A NAME': '1' } },
      });
      expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);

      await control.run(spec, 'create', { incarnation: 2 });
      await refused('MACHINE_ALREADY_EXISTS', 'create', { incarnation: 2 });
      await refused('STALE_INCARNATION', 'stop', { incarnation: 1 });
      await refused('WRONG_STATE', 'resume', { incarnation: 2, spec: { ...spec } }).catch(() => undefined);
      await refused('CAPABILITY_MISSING', 'snapshot', {
        incarnation: 2,
        parameters: { snapshot_name: 'a', stateful: true },
      });
      await refused('SNAPSHOT_NOT_FOUND', 'restore', { incarnation: 2, parameters: { snapshot_name: 'a' } });
      await refused('SNAPSHOT_NOT_FOUND', 'delete-snapshot', {
        incarnation: 2,
        parameters: { snapshot_name: 'a' },
      });
      await control.run(spec, 'pause', { incarnation: 2 });
      for (const command of ['start', 'stop', 'restart'] as const)
        await refused('WRONG_STATE', command, { incarnation: 2 });
      expect(await control.run(spec, 'inspect', { incarnation: 2 })).toMatchObject({
        result: { state: 'paused' },
      });
      await control.run(spec, 'delete', { incarnation: 3 });
      await refused('STALE_INCARNATION', 'create', { incarnation: 2 });
    });

    it('deletes while another command runs: that one is cancelled, nothing is left', async () => {
      const spec = makeSpec();
      await control.run(spec, 'create');
      await daemon.shell(
        spec.container_id,
        `(trap '' TERM HUP; while :; do sleep 1; done) >/dev/null 2>&1 </dev/null &`,
      );
      const stop = control.makeDispatch(spec, 'stop', { parameters: { grace_ms: 60_000 } });
      control.send(stop);
      await waitFor('the stop to run', () =>
        control.ofType('progress').some((message) => message.operation_id === stop.operation_id),
      );
      const waiting = control.makeDispatch(spec, 'start');
      control.send(waiting);
      const deleted = await control.run(spec, 'delete', { incarnation: 2 });
      expect(deleted).toMatchObject({ type: 'completed', result: { state: 'absent' } });
      for (const { operation_id: id } of [stop, waiting]) {
        expect(await control.ended(id)).toMatchObject({
          type: 'failed',
          error: { code: expect.any(String) },
        });
      }
      expect(await control.ended(stop.operation_id)).toMatchObject({ error: { code: 'CANCELLED' } });
      expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
    });

    it('cancels a running command at its next step and undoes it', async () => {
      const spec = makeSpec();
      const create = control.makeDispatch(spec, 'create');
      control.send(create);
      control.send({ type: 'cancel', operation_id: create.operation_id });
      const end = await control.ended(create.operation_id);
      expect(end).toMatchObject({ type: 'failed', error: { code: 'CANCELLED', state: 'absent' } });
      expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
    });

    it('runs the commands of one machine in the order of their sequence, machines in parallel', async () => {
      const specs = [makeSpec(), makeSpec(), makeSpec()];
      const commands = ['create', 'pause', 'resume', 'stop', 'start', 'delete'] as const;
      const sent = commands.flatMap((command) => specs.map((spec) => control.makeDispatch(spec, command)));
      for (const dispatch of sent) control.send({ ...dispatch, command: dispatch.command });
      const deletes = sent.filter((dispatch) => dispatch.command === 'delete');
      for (const { operation_id: id } of deletes)
        expect(await control.ended(id)).toMatchObject({ type: 'completed' });
      for (const spec of specs) {
        const order = control.received
          .filter((message) => message.type === 'completed' || message.type === 'failed')
          .filter((message) => message.container_id === spec.container_id)
          .map(
            (message) =>
              sent.find((dispatch) => dispatch.operation_id === message.operation_id)?.sequence ?? 0,
          );
        expect(order).toEqual(order.toSorted((left, right) => left - right));
        expect(findLeftovers(host.dataDir, spec.container_id)).toEqual([]);
      }
    });

    it('holds a disk in a snapshot and brings it back', async () => {
      const spec = makeSpec();
      const id = spec.container_id;
      await control.run(spec, 'create');
      await daemon.shell(id, 'echo one >/root/file; echo tool >/usr/local/bin/tool; rm /usr/bin/env');
      const named = { parameters: { snapshot_name: 'auto 2026/11-22 ü' } };
      const snapshot = await control.run(spec, 'snapshot', named);
      expect(snapshot).toMatchObject({
        type: 'completed',
        result: { state: 'running', snapshot: { name: 'auto 2026/11-22 ü', stateful: false } },
      });
      expect(await control.run(spec, 'snapshot', named)).toMatchObject({
        error: { code: 'SNAPSHOT_ALREADY_EXISTS' },
      });
      await control.run(spec, 'stop');
      const cold = await control.run(spec, 'restore', {
        ...named,
        incarnation: 2,
        parameters: { ...named.parameters, run_after: true },
      });
      expect(cold).toMatchObject({ type: 'completed', result: { state: 'running', restored_as: 'cold' } });
      const stopped = await control.run(spec, 'restore', {
        incarnation: 3,
        parameters: { ...named.parameters, run_after: false },
      });
      expect(stopped).toMatchObject({
        type: 'completed',
        result: { state: 'stopped', restored_as: 'filesystem' },
      });
      expect(await control.run(spec, 'delete-snapshot', { ...named, incarnation: 3 })).toMatchObject({
        type: 'completed',
      });
      await control.run(spec, 'delete', { incarnation: 4 });
      expect(findLeftovers(host.dataDir, id)).toEqual([]);
    });

    it('brings the old disk back, running, when a restored one does not start', async () => {
      const spec = makeSpec();
      const id = spec.container_id;
      const named = { snapshot_name: 'broken' };
      await control.run(spec, 'create');
      await daemon.shell(id, 'cp -L /bin/sh /root/sh && rm /bin/sh');
      await control.run(spec, 'snapshot', { parameters: named });
      expect((await daemon.execute(id, '/root/sh', '-c', 'cp /root/sh /bin/sh')).exit_code).toBe(0);
      await daemon.shell(id, 'echo good >/root/file');
      const end = await control.run(spec, 'restore', {
        incarnation: 2,
        parameters: { ...named, run_after: true },
      });
      expect(end).toMatchObject({ type: 'failed', error: { code: 'DRIVER_FAILED', state: 'running' } });
      expect(await daemon.shell(id, 'cat /root/file')).toBe('good');
      await control.run(spec, 'delete', { incarnation: 3 });
      expect(findLeftovers(host.dataDir, id)).toEqual([]);
    });

    it('changes a live machine and says what counts only from the next start', async () => {
      const spec = makeSpec({ environment_vars: { A: '1' } });
      const id = spec.container_id;
      await control.run(spec, 'create');
      const changed = {
        ...spec,
        name: 'renamed',
        environment_vars: { A: '2' },
        memory_bytes: 128 * 1024 * 1024,
      };
      expect(await control.run(changed, 'update')).toMatchObject({ result: { synced: true } });
      expect(await daemon.shell(id, 'echo $A; hostname')).toBe('2\nrenamed');
      const withRamdisk = { ...changed, ramdisk: true };
      expect(await control.run(withRamdisk, 'update')).toMatchObject({ result: { synced: false } });
      await control.run(withRamdisk, 'restart');
      await daemon.shell(id, 'echo fast >/ramdisk/file');
      await control.run(withRamdisk, 'restart');
      expect(await daemon.shell(id, 'cat /ramdisk/file')).toBe('fast');
      await control.run(withRamdisk, 'delete');
      expect(findLeftovers(host.dataDir, id)).toEqual([]);
    });

    it('answers questions about a machine from what the kernel says', async () => {
      const spec = makeSpec();
      await control.run(spec, 'create');
      // Its init starts its only child once it is up.
      await daemon.shell(spec.container_id, 'until pidof sleep >/dev/null; do :; done');
      const ask = { type: 'ask', container_id: spec.container_id } as const;
      control.send({ ...ask, ask_id: 'a'.repeat(32), kind: 'stats' });
      control.send({ ...ask, ask_id: 'b'.repeat(32), kind: 'runtime' });
      control.send({ ...ask, ask_id: 'c'.repeat(32), kind: 'runtime', container_id: 'f'.repeat(24) });
      const answer = (id: string) =>
        waitFor('an answer', () =>
          control.ofType('answer').find((message) => message.ask_id === id.repeat(32)),
        );
      expect((await answer('a')).data).toMatchObject({
        state: 'running',
        processes: 2,
        memory_limit_bytes: spec.memory_bytes,
        network: [
          {
            interface: 'lo',
            state: 'up',
            addresses: expect.arrayContaining([expect.objectContaining({ address: '127.0.0.1' })]),
          },
        ],
      });
      expect((await answer('b')).data).toMatchObject({
        processes: [{ pid: 1 }, { name: 'sleep' }],
        listeners: [],
      });
      expect((await answer('c')).error).toMatchObject({ code: 'MACHINE_NOT_FOUND' });
      await control.run(spec, 'delete');
    });
  },
  60_000,
);
