import { PassThrough, type Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ZfsDatasets } from './zfs-datasets.ts';
import { formatFacts, parseNumbers, parseSnapshots } from './zfs-output.ts';
import type { ZfsProgram } from './zfs-program.ts';
import { ZfsReplication } from './zfs-replication.ts';
import { ZfsStorage } from './zfs-storage.ts';

const facts = { name: 's', stateful: false, size_bytes: 4096, created_at: '2026-01-01T00:00:00.000Z' };

/** Answers with what OpenZFS prints, by the beginning of the command line; the first match counts, once per use. */
class ScriptedZfs implements ZfsProgram {
  readonly calls: string[] = [];
  readonly #answers: (readonly [string, string | Error])[];

  constructor(answers: readonly (readonly [string, string | Error])[]) {
    this.#answers = [...answers];
  }

  async run(...argv: readonly string[]): Promise<string> {
    const line = argv.join(' ');
    this.calls.push(line);
    const index = this.#answers.findIndex(([start]) => line.startsWith(start));
    const answer = this.#answers[index]?.[1] ?? '';
    // The last answer to a question stays; earlier ones are used up.
    const later = this.#answers.slice(index + 1).some(([start]) => line.startsWith(start));
    if (index >= 0 && later) this.#answers.splice(index, 1);
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async list(...argv: readonly string[]): Promise<string> {
    try {
      return await this.run('list', ...argv);
    } catch {
      return '';
    }
  }

  async send(argv: readonly string[], into: Writable): Promise<void> {
    this.calls.push(argv.join(' '));
    into.end();
  }

  async receive(argv: readonly string[]): Promise<void> {
    this.calls.push(argv.join(' '));
  }

  /** What it was told to change. */
  get changes(): string[] {
    return this.calls.filter((call) => !/^(?:list|get) /.test(call));
  }
}

const missing = (dataset: string) => new Error(`cannot open '${dataset}': dataset does not exist`);
const listing = (dataset: string) =>
  `list -H -r -d 1 -t snapshot -s createtxg -o name,clones,control-plane:facts ${dataset}`;
const treeOf = (dataset: string) =>
  `list -H -r -d 1 -t filesystem,snapshot -s createtxg -o name,clones,control-plane:facts ${dataset}`;
const storageOn = (zfs: ZfsProgram) =>
  new ZfsStorage({ zfs, parent: 'tank/nd', mountPoint: '/tank/nd', fill: () => undefined });

describe('what zfs prints', () => {
  it('is parsed: snapshots with clones and facts, and numbers', () => {
    const text = `tank/a@x-s\ttank/b,tank/c\t${formatFacts('x', facts)}\ntank/a@x-t\t\t-\n`;
    expect(parseSnapshots(text)).toEqual([
      {
        name: 'tank/a@x-s',
        clones: ['tank/b', 'tank/c'],
        published: { container: 'x', facts, points: [], hidden: false },
      },
      { name: 'tank/a@x-t', clones: [], published: undefined },
    ]);
    expect(parseNumbers('98304\tnone\n')).toEqual([98304, 0]);
  });

  it('that is damaged counts as not published', () => {
    for (const value of ['{', '"text"', '{"container":"x","facts":{"name":1}}', '-']) {
      expect(parseSnapshots(`tank/a@s\t-\t${value}\n`)[0]?.published).toBeUndefined();
    }
  });
});

describe('a zfs volume', () => {
  it('is removed only after each clone of its snapshots was promoted', async () => {
    const volume = 'tank/nd/volumes/x';
    const zfs = new ScriptedZfs([
      [treeOf(`${volume}.restore`), ''],
      [treeOf(`${volume}.replaced`), ''],
      [
        treeOf(volume),
        `${volume}\t-\t-\n${volume}@x-a\ttank/nd/volumes/y\t-\n${volume}@x-b\ttank/nd/volumes/z\t-\n`,
      ],
      [treeOf(volume), `${volume}\t-\t-\n${volume}@x-a\ttank/nd/volumes/y\t-\n`],
      [treeOf(volume), `${volume}\t-\t-\n`],
      [
        listing('tank/nd/volumes/z tank/nd/volumes/y'),
        'tank/nd/volumes/z@x-b\t\t-\ntank/nd/volumes/z@z-own\t\t-\ntank/nd/volumes/y@x-a\t\t-\n',
      ],
    ]);
    expect(await storageOn(zfs).deleteVolume('x')).toMatchObject({ ok: true });
    expect(zfs.changes).toEqual([
      'promote tank/nd/volumes/z',
      'promote tank/nd/volumes/y',
      'destroy -r tank/nd/volumes/x',
      'destroy tank/nd/volumes/z@x-b',
      'destroy tank/nd/volumes/y@x-a',
    ]);
  });

  it('that was restored takes its history over and tells which snapshots are gone', async () => {
    const [volume, replaced] = ['tank/nd/volumes/x', 'tank/nd/volumes/x.replaced'];
    const newer = formatFacts('x', { ...facts, name: 'newer' });
    const zfs = new ScriptedZfs([
      [`list -H -o name ${volume} ${replaced}`, `${volume}\n${replaced}\n`],
      ['get -H -o value origin', `${replaced}@x-s\n`],
      [listing(replaced), `${replaced}@x-newer\t\t${newer}\n`],
      [treeOf(replaced), `${replaced}\t-\t-\n${replaced}@x-newer\t\t${newer}\n`],
    ]);
    const discarded = await storageOn(zfs).discardReplaced('x');
    expect(discarded).toEqual({ ok: true, value: { goneSnapshots: ['newer'] } });
    expect(zfs.changes).toEqual([`promote ${volume}`, `destroy -r ${replaced}`]);
  });

  it('shows only its own snapshots, not those that it took over from where it was cloned', async () => {
    const volume = 'tank/nd/volumes/y';
    const zfs = new ScriptedZfs([
      [
        listing(`tank/nd/received/y ${volume}.replaced ${volume}`),
        `${volume}@x-s\t\t${formatFacts('x', facts)}\n${volume}@y-s\t\t${formatFacts('y', facts)}\n`,
      ],
    ]);
    expect(await storageOn(zfs).listSnapshots('y')).toEqual([facts]);
  });

  it('is sent from the bookmark when the base snapshot was deleted, and refused by name without one', async () => {
    const volume = 'tank/nd/volumes/x';
    const answers: (readonly [string, string | Error])[] = [
      [
        listing(`tank/nd/received/x ${volume}.replaced ${volume}`),
        `${volume}@x-s\t\t${formatFacts('x', facts)}\n`,
      ],
      ['list -H -t bookmark', `${volume}#copy-1\n`],
    ];
    const request = { containerId: 'x', snapshot: 's', into: new PassThrough() };
    const zfs = new ScriptedZfs(answers);
    expect(await storageOn(zfs).send({ ...request, base: 'copy-1' })).toMatchObject({ ok: true });
    expect(zfs.changes).toEqual([`send -Lce -i ${volume}#copy-1 ${volume}@x-s`]);
    const refused = await storageOn(new ScriptedZfs(answers)).send({ ...request, base: 'copy-2' });
    expect(refused).toMatchObject({ ok: false, failure: { code: 'SNAPSHOT_NOT_FOUND' } });
  });

  it('is not begun on a full pool, and a failure that names no space is one of capacity', async () => {
    const full = new ScriptedZfs([
      ['list -H -o name', missing('x')],
      ['get -Hp -o value available', '1000\n'],
    ]);
    const refused = await storageOn(full).createVolume({ containerId: 'x', image: 'i', rootUid: 0 });
    expect(refused).toMatchObject({ ok: false, failure: { code: 'CAPACITY_EXCEEDED' } });
    expect(full.changes).toEqual([]);
  });
});

describe('replication', () => {
  const on = (zfs: ZfsProgram): ZfsReplication => new ZfsReplication(zfs, new ZfsDatasets(zfs));
  const half = 'list -H -o name,receive_resume_token tank/a tank/a.next';
  const request = { dataset: 'tank/a', name: 's', stream: new PassThrough() };

  it('goes on from the token of the other side, wherever the half stream is', async () => {
    expect(await on(new ScriptedZfs([[half, 'tank/a\t1-c0ffee\n']])).resumeToken('tank/a')).toBe('1-c0ffee');
    expect(await on(new ScriptedZfs([[half, 'tank/a\t-\ntank/a.next\t1-d\n']])).resumeToken('tank/a')).toBe(
      '1-d',
    );
    expect(await on(new ScriptedZfs([[half, 'tank/a\t-\n']])).resumeToken('tank/a')).toBeNull();
    const zfs = new ScriptedZfs([]);
    await on(zfs).sendRest('1-c0ffee', new PassThrough());
    expect(zfs.changes).toEqual(['send -t 1-c0ffee']);
  });

  it('receives an increment in its place, and a whole stream beside what is there', async () => {
    const here = [
      ['list -H -o name tank/a', 'tank/a\n'],
      [treeOf('tank/a.next'), ''],
      [treeOf('tank/a'), 'tank/a\t-\t-\n'],
    ] as const;
    const increment = new ScriptedZfs(here);
    await on(increment).receive({ ...request, isWhole: false, resume: null });
    expect(increment.changes).toEqual(['receive -s -o readonly=on tank/a@s']);
    const whole = new ScriptedZfs(here);
    await on(whole).receive({ ...request, isWhole: true, resume: null });
    expect(whole.changes).toEqual([
      'receive -s -o readonly=on tank/a.next@s',
      'destroy -r tank/a',
      'rename tank/a.next tank/a',
    ]);
  });

  it('drops a whole stream that had not taken its place when its daemon was killed', async () => {
    const left = new ScriptedZfs([[treeOf('tank/a.next'), 'tank/a.next\t-\t-\ntank/a.next@s\t\t-\n']]);
    await on(left).receive({ ...request, isWhole: true, resume: null });
    expect(left.changes).toEqual(['destroy -r tank/a.next', 'receive -s -o readonly=on tank/a@s']);
  });

  it('drops what is there in part unless the stream goes on from it', async () => {
    const answers = [[half, 'tank/a\t1-c0ffee\n']] as const;
    const anew = new ScriptedZfs(answers);
    await on(anew).receive({ ...request, isWhole: true, resume: null });
    expect(anew.changes).toEqual(['receive -A tank/a', 'receive -s -o readonly=on tank/a@s']);
    const resumed = new ScriptedZfs(answers);
    await on(resumed).receive({ ...request, isWhole: true, resume: '1-c0ffee' });
    expect(resumed.changes).toEqual(['receive -s -o readonly=on tank/a@s']);
  });
});
