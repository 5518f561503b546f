/** Run as an ordinary user by ordinary-user.test.ts: a machine's whole life, told as JSON. */
import { bareMachine } from '../drivers/bare-machine.ts';
import { openDriverSet } from '../drivers/driver-set.ts';

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('A data directory is needed.');
const set = openDriverSet('namespaces', dataDir);
const machine = bareMachine(set);
const { containerId } = machine;
const shell = async (command: string): Promise<string> => {
  const result = await set.container.execute(containerId, {
    argv: ['/bin/sh', '-c', command],
    environment: {},
    stdin: null,
    timeoutMs: 20_000,
    outputBytesMax: 4096,
  });
  return result.ok ? `${result.value.stdout}${result.value.stderr}`.trimEnd() : result.failure.code;
};
await machine.create();
const who = await shell('id -u; hostname');
await shell('echo one >/root/file; echo secret >/etc/shadow; chmod 000 /etc/shadow; rm -f /usr/bin/who');
await machine.freeze();
const frozen = (await set.container.observe(containerId)).state;
const copied = await set.storage.stageSnapshot(containerId, 's1');
await machine.thaw();
const published = await set.storage.publishSnapshot(containerId, 's1', false);
await shell('echo two >/root/file');
await machine.stop();
const restored = [
  await set.storage.stageRestore(containerId, 's1'),
  await set.storage.swapRestore(containerId),
  await set.storage.discardReplaced(containerId),
];
await machine.start();
const file = await shell('cat /root/file; test -e /usr/bin/who || echo removed');
const copy = bareMachine(set, { name: 'copy' });
const definition = await set.container.definition(containerId);
if (definition === undefined) throw new Error('The machine has no definition.');
const spec = { ...definition.spec, container_id: copy.containerId, name: 'copy' };
const cloned = [
  await set.storage.cloneVolume({ source: containerId, snapshot: 's1', target: copy.containerId }),
  await set.container.renewIdentity({ incarnation: 1, spec }, set.storage.volumePath(copy.containerId), null),
];
await copy.start();
const told = await set.container.execute(copy.containerId, {
  argv: ['/bin/sh', '-c', 'cat /root/file; hostname'],
  environment: {},
  stdin: null,
  timeoutMs: 20_000,
  outputBytesMax: 4096,
});
await copy.delete();
const diskBytes = await set.storage.usedBytes(containerId);
await machine.delete();
const left = await set.container.list();
await set.close();
process.stdout.write(
  JSON.stringify({
    who,
    frozen,
    snapshot: copied.ok && published.ok,
    restored: restored.every((outcome) => outcome.ok),
    file,
    copied: cloned.every((outcome) => outcome.ok) && told.ok ? told.value.stdout.toString() : 'not copied',
    diskBytes,
    left,
    ramdisk: set.capabilities.ramdisk,
  }),
);
