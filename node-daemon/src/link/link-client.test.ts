import type { ControlMessage, Hello, HostMessage } from '@control-plane/contract/link';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../journal/journal.ts';
import { OutboundQueue } from '../journal/outbound-queue.ts';
import { FakeControlPlane } from '../testing/fake-control-plane.ts';
import { waitFor } from '../testing/wait-for.ts';
import { loadHostKey } from './host-key.ts';
import { enroll, readIdentity } from './identity.ts';
import { LinkClient } from './link-client.ts';

const hello: Hello = {
  type: 'hello',
  protocol: 1,
  daemon_version: '0',
  boot_id: 'boot',
  facts: {
    hostname: 'h',
    kernel: 'k',
    os: 'o',
    architecture: 'a',
    cpu_cores: 1,
    memory_bytes: 1,
    disk_bytes: 1,
    tools: {},
  },
  drivers: { container: 'c', storage: 's', checkpoint: 'p', network: 'n', development_only: true },
  capabilities: {
    pause: true,
    snapshot: true,
    stateful_snapshot: false,
    cpu_limit: true,
    memory_limit: true,
    network: false,
    ramdisk: true,
    kvm: false,
    ssh: false,
    copy: false,
  },
  images: [],
  inventory: [],
};

describe('the link to the control plane', () => {
  const control = { current: new FakeControlPlane() };
  let dataDir: string;
  let journal: Journal;
  let outbound: OutboundQueue;
  let link: LinkClient | undefined;
  let seen: ControlMessage[];
  let log: string;

  beforeEach(async () => {
    control.current = new FakeControlPlane();
    await control.current.listen();
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'nd-link-'));
    journal = new Journal(dataDir);
    outbound = new OutboundQueue(journal);
    seen = [];
    log = '';
  });
  afterEach(async () => {
    await link?.close(0);
    link = undefined;
    await control.current.close();
    journal.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const enrolHere = (joinToken = control.current.joinToken, nowMs = Date.now()) =>
    enroll({ dataDir, controlUrl: control.current.url, joinToken, key: loadHostKey(dataDir), nowMs });

  async function openLink(pingIntervalMs = 10_000): Promise<LinkClient> {
    const enrolled = await enrolHere();
    if (!enrolled.ok) throw new Error(enrolled.failure.message);
    const client = new LinkClient({
      identity: enrolled.identity,
      key: loadHostKey(dataDir),
      outbound,
      logger: pino({ level: 'debug' }, { write: (line: string) => (log += line) }),
      buildHello: async () => hello,
      onMessage: (message) => seen.push(message),
      now: () => Date.now(),
      random: () => 0,
      pingIntervalMs,
    });
    link = client;
    client.open();
    return client;
  }

  function report(): HostMessage & { type: 'report' } {
    return {
      type: 'report',
      report_id: randomBytes(16).toString('hex'),
      container_id: '1'.repeat(24),
      incarnation: 1,
      state: 'stopped',
      cause: 'init_exited',
      observed_at: new Date().toISOString(),
    };
  }

  it('enrols once with its join token and keeps its key to itself', async () => {
    expect(await enrolHere('0'.repeat(64))).toMatchObject({
      ok: false,
      failure: { code: 'JOIN_TOKEN_INVALID', retry: false },
    });
    expect(readIdentity(dataDir)).toBeUndefined();
    expect(await enrolHere(undefined, Date.now() - 3_600_000)).toMatchObject({
      failure: { code: 'HOST_CLOCK_SKEW', retry: true },
    });
    expect(await enrolHere()).toMatchObject({ ok: true, identity: { server_name: 'test-host' } });
    expect(readIdentity(dataDir)).toMatchObject({ server_id: control.current.serverId });
    expect(statSync(path.join(dataDir, 'host-key.pem')).mode & 0o777).toBe(0o600);
    expect(loadHostKey(dataDir).publicKeyHex).toBe(control.current.publicKeyHex);
    expect(await enrolHere()).toMatchObject({ ok: false });
  });

  it('names an unreachable control plane, and an answer that is none', async () => {
    await control.current.close();
    expect(await enrolHere()).toMatchObject({ failure: { code: 'UNREACHABLE', retry: true } });
    writeFileSync(path.join(dataDir, 'identity.json'), '{"server_id": 1}');
    expect(readIdentity(dataDir)).toBeUndefined();
  });

  it('proves its key, says hello and hears the welcome', async () => {
    const client = await openLink();
    expect(await control.current.connected()).toEqual(hello);
    await waitFor('the welcome', () => seen.some((message) => message.type === 'welcome'));
    expect(client.isUp).toBe(true);
    expect(control.current.refusals).toEqual([]);
  });

  it('is refused with another key', async () => {
    await openLink();
    await control.current.connected();
    await link?.close(0);
    rmSync(path.join(dataDir, 'host-key.pem'));
    const identity = readIdentity(dataDir);
    if (identity === undefined) throw new Error('not enrolled');
    link = new LinkClient({
      identity,
      key: loadHostKey(dataDir),
      outbound,
      logger: pino({ level: 'silent' }),
      buildHello: async () => hello,
      onMessage: () => undefined,
      now: () => Date.now(),
      random: () => 0,
    });
    link.open();
    await waitFor('the refusal', () => control.current.refusals.includes('HOST_SIGNATURE_INVALID'));
    expect(link.isUp).toBe(false);
  });

  it('names a clock that is off and keeps trying', async () => {
    control.current.clockOffsetSeconds = 0;
    const client = await openLink();
    await control.current.connected();
    control.current.clockOffsetSeconds = 3_600;
    control.current.dropLink();
    await waitFor(
      'two refusals',
      () => control.current.refusals.filter((code) => code === 'HOST_CLOCK_SKEW').length >= 2,
    );
    expect(client.lastRefusal).toBe('HOST_CLOCK_SKEW');
    expect(log).toContain('HOST_CLOCK_SKEW');
    control.current.clockOffsetSeconds = 0;
    await control.current.connected(1);
    expect(client.lastRefusal).toBe('');
  });

  it('repeats what was not acknowledged after each connect, and forgets what was', async () => {
    control.current.acknowledges = false;
    const first = report();
    outbound.add(first.report_id, JSON.stringify(first));
    await openLink();
    await waitFor('the report', () => control.current.ofType('report').length === 1);
    const before = control.current.ofType('hello').length;
    control.current.dropLink();
    await control.current.connected(before);
    await waitFor('the report again', () => control.current.ofType('report').length === 2);
    control.current.acknowledge(first.report_id);
    await waitFor('the acknowledgement', () => outbound.count() === 0);
    control.current.dropLink();
    await control.current.connected(before + 1);
    expect(control.current.ofType('report')).toHaveLength(2);
  });

  it('repeats on the same link what is not acknowledged for long', async () => {
    control.current.acknowledges = false;
    await openLink(20);
    await control.current.connected();
    const late = report();
    outbound.add(late.report_id, JSON.stringify(late));
    await waitFor('two deliveries', () => control.current.ofType('report').length >= 2);
  });

  it('gives a silent link up after three intervals and connects anew', async () => {
    control.current.answersPings = false;
    await openLink(30);
    await control.current.connected();
    await control.current.connected(1);
    expect(log).toContain('link is silent');
  });

  it('keeps a link that answers its pings', async () => {
    await openLink(10);
    await control.current.connected();
    await waitFor('ten pongs', () => seen.filter((message) => message.type === 'pong').length >= 10);
    expect(control.current.connections).toBe(1);
  });

  it('waits for a control plane that goes away and comes back', async () => {
    const client = await openLink();
    await control.current.connected();
    await control.current.close();
    await waitFor('the loss', () => !client.isUp);
    await control.current.listen();
    await control.current.connected(1);
  });

  it('drops what is no message of the link, and lives on', async () => {
    await openLink();
    await control.current.connected();
    for (const text of [
      '',
      'no json',
      '{}',
      '{"type":"dispatch"}',
      '{"type":"welcome","server_id":"x"}',
      '[]',
      'null',
    ]) {
      control.current.sendText(text);
    }
    control.current.acknowledge('a'.repeat(32));
    await waitFor('the next message', () => seen.some((message) => message.type === 'acknowledged'));
    expect(control.current.connections).toBe(1);
  });

  it('logs no key and no join token', async () => {
    await openLink();
    await control.current.connected();
    expect(log).not.toContain(control.current.joinToken);
    expect(log).not.toContain(readFileSync(path.join(dataDir, 'host-key.pem'), 'utf8').split('\n')[1]);
  });
});
