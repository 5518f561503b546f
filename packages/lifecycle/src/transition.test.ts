import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findHistoryFault, type HistoryRow } from './history.ts';
import {
  CONTAINER_COMMANDS,
  CONTAINER_STATUSES,
  type ContainerCommand,
  type ContainerStatus,
} from './status.ts';
import { TRANSITIONS } from './table.ts';
import {
  decideCommand,
  decideDeadline,
  decideHostPhase,
  decideObservation,
  decideReport,
  decideUnbegun,
  type LifecycleState,
} from './transition.ts';

const idle = (status: ContainerStatus): LifecycleState => ({ status, incarnation: 3, operation: null });
const command = (name: ContainerCommand, operationId = 'op-1', subject = '') => ({
  command: name,
  operationId,
  subject,
  nowMs: 1000,
});

/** Written out by hand from the architecture's list, not read from the table: the table is what is tested. */
const LEGAL: Record<
  ContainerCommand,
  Partial<Record<ContainerStatus, [during: ContainerStatus, after: ContainerStatus]>>
> = {
  create: {},
  copy: {},
  start: { stopped: ['stopped', 'running'] },
  stop: { running: ['running', 'stopped'] },
  'force-stop': { running: ['running', 'stopped'], paused: ['paused', 'stopped'] },
  restart: { running: ['running', 'running'] },
  pause: { running: ['running', 'paused'] },
  resume: { paused: ['paused', 'running'] },
  snapshot: {
    running: ['running', 'running'],
    paused: ['paused', 'paused'],
    stopped: ['stopped', 'stopped'],
  },
  restore: {
    running: ['running', 'running'],
    paused: ['paused', 'running'],
    stopped: ['stopped', 'stopped'],
  },
  'delete-snapshot': {
    running: ['running', 'running'],
    paused: ['paused', 'paused'],
    stopped: ['stopped', 'stopped'],
  },
  update: { running: ['running', 'running'], paused: ['paused', 'paused'], stopped: ['stopped', 'stopped'] },
  'copy-out': {
    running: ['running', 'running'],
    paused: ['paused', 'paused'],
    stopped: ['stopped', 'stopped'],
  },
  sync: { running: ['copying', 'running'], stopped: ['copying', 'stopped'] },
  claim: { running: ['claiming', 'running'] },
  delete: Object.fromEntries(
    CONTAINER_STATUSES.filter((status) => status !== 'deleted').map((status) => [
      status,
      ['deleting', 'deleted'],
    ]),
  ),
};

describe('every state × command', () => {
  for (const status of CONTAINER_STATUSES) {
    for (const name of CONTAINER_COMMANDS) {
      const expected = LEGAL[name][status];
      it(`${name} from ${status} is ${expected ? `${expected[0]} then ${expected[1]}` : 'refused'}`, () => {
        const before = idle(status);
        const frozen = structuredClone(before);
        const decision = decideCommand(before, command(name));
        expect(before).toEqual(frozen);
        if (expected === undefined) {
          expect(decision.kind).toBe('refused');
          return;
        }
        expect(decision).toMatchObject({
          kind: 'accepted',
          superseded: null,
          next: { status: expected[0], operation: { id: 'op-1', command: name, after: expected[1] } },
        });
        if (decision.kind !== 'accepted' || decision.next.operation === null) throw new Error('unreachable');
        const grows = ['restore', 'delete'].includes(name) ? 1 : 0;
        expect(decision.next.incarnation).toBe(3 + grows);
        expect(decision.next.operation.deadlineAtMs).toBe(1000 + TRANSITIONS[name].deadlineMs);
        const settled = decideReport(decision.next, {
          operationId: 'op-1',
          incarnation: decision.next.incarnation,
          outcome: 'completed',
          observed: 'unknown',
        });
        expect(settled).toMatchObject({
          kind: 'settled',
          outcome: 'succeeded',
          next: { status: expected[1], operation: null },
        });
      });
    }
  }
});

describe('creation', () => {
  it('is the only command for a container that is not there yet', () => {
    for (const name of CONTAINER_COMMANDS) {
      const decision = decideCommand(null, command(name));
      expect(decision.kind).toBe(name === 'create' || name === 'copy' ? 'accepted' : 'refused');
    }
  });
  it('joins its own retry and refuses another create', () => {
    const first = decideCommand(null, command('create', 'op-1'));
    if (first.kind !== 'accepted') throw new Error('unreachable');
    expect(first.next).toMatchObject({ status: 'creating', incarnation: 1 });
    expect(decideCommand(first.next, command('create', 'op-1'))).toMatchObject({ kind: 'joined' });
    expect(decideCommand(first.next, command('create', 'op-2'))).toEqual({
      kind: 'refused',
      reason: 'exists',
    });
  });
  it('fails into `failed` whatever the host still has', () => {
    const first = decideCommand(null, command('create'));
    if (first.kind !== 'accepted') throw new Error('unreachable');
    for (const observed of ['running', 'stopped', 'absent', 'unknown'] as const) {
      expect(
        decideReport(first.next, { operationId: 'op-1', incarnation: 1, outcome: 'failed', observed }),
      ).toMatchObject({ kind: 'settled', outcome: 'failed', next: { status: 'failed' } });
    }
  });
});

function during(name: ContainerCommand, status: ContainerStatus, subject = ''): LifecycleState {
  const decision = decideCommand(idle(status), command(name, 'op-1', subject));
  if (decision.kind !== 'accepted') throw new Error(`${name} is illegal in ${status}`);
  return decision.next;
}

describe('while an operation runs', () => {
  it('the same command joins, another is refused, delete wins', () => {
    const state = during('pause', 'running');
    expect(decideCommand(state, command('pause', 'op-2'))).toMatchObject({
      kind: 'joined',
      operation: { id: 'op-1' },
    });
    expect(decideCommand(state, command('stop', 'op-2'))).toEqual({ kind: 'refused', reason: 'in_progress' });
    expect(decideCommand(state, command('delete', 'op-2'))).toMatchObject({
      kind: 'accepted',
      superseded: { id: 'op-1' },
      next: { status: 'deleting', incarnation: 4 },
    });
  });
  it('the same command with another subject is not the same', () => {
    const state = during('restore', 'running', 'snap-a');
    expect(decideCommand(state, command('restore', 'op-2', 'snap-a')).kind).toBe('joined');
    expect(decideCommand(state, command('restore', 'op-2', 'snap-b')).kind).toBe('refused');
  });
  it('reports of another operation or incarnation are dropped', () => {
    const state = during('restore', 'running');
    const report = { operationId: 'op-1', outcome: 'completed', observed: 'running' } as const;
    expect(decideReport(state, { ...report, incarnation: 3 })).toEqual({
      kind: 'dropped',
      reason: 'stale_incarnation',
    });
    expect(decideReport(state, { ...report, operationId: 'op-9', incarnation: 4 })).toEqual({
      kind: 'dropped',
      reason: 'not_current',
    });
  });
  it('a failure leaves what the host observed', () => {
    const state = during('pause', 'running');
    const failed = (observed: 'running' | 'stopped' | 'paused' | 'absent' | 'unknown') => {
      const decision = decideReport(state, {
        operationId: 'op-1',
        incarnation: 3,
        outcome: 'failed',
        observed,
      });
      return decision.kind === 'settled' ? decision.next.status : decision.kind;
    };
    expect(failed('running')).toBe('running');
    expect(failed('stopped')).toBe('stopped');
    expect(failed('absent')).toBe('failed');
    expect(failed('unknown')).toBe('running');
  });
  it('a failed delete is tried again', () => {
    const state = during('delete', 'running');
    expect(
      decideReport(state, { operationId: 'op-1', incarnation: 4, outcome: 'failed', observed: 'stopped' })
        .kind,
    ).toBe('retry');
  });
});

describe('observations', () => {
  it('move a settled container and nothing else', () => {
    expect(decideObservation(idle('running'), { incarnation: 3, observed: 'stopped' })).toMatchObject({
      kind: 'moved',
      next: { status: 'stopped' },
    });
    expect(decideObservation(idle('stopped'), { incarnation: 3, observed: 'absent' })).toMatchObject({
      next: { status: 'failed' },
    });
    expect(decideObservation(idle('running'), { incarnation: 3, observed: 'running' }).kind).toBe('dropped');
    expect(decideObservation(idle('running'), { incarnation: 2, observed: 'stopped' }).kind).toBe('dropped');
    expect(decideObservation(idle('running'), { incarnation: 3, observed: 'unknown' }).kind).toBe('dropped');
    expect(decideObservation(during('pause', 'running'), { incarnation: 3, observed: 'stopped' }).kind).toBe(
      'dropped',
    );
    for (const status of ['creating', 'failed', 'copying', 'deleting', 'deleted', 'claiming'] as const) {
      expect(decideObservation(idle(status), { incarnation: 3, observed: 'running' }).kind).toBe('dropped');
    }
  });
});

describe('deadlines', () => {
  it('give up an operation, keep its base state, never give up a delete', () => {
    const pause = during('pause', 'running');
    expect(decideDeadline(pause, 60_999)).toEqual({ kind: 'not_due' });
    expect(decideDeadline(pause, 61_000)).toMatchObject({
      kind: 'expired',
      cleanUp: false,
      next: { status: 'running', operation: null },
    });
    const removal = during('delete', 'running');
    expect(decideDeadline(removal, 1e9)).toMatchObject({ kind: 'extended', next: { status: 'deleting' } });
    const creation = decideCommand(null, command('create'));
    if (creation.kind !== 'accepted') throw new Error('unreachable');
    expect(decideDeadline(creation.next, 1e9)).toMatchObject({
      kind: 'expired',
      cleanUp: true,
      next: { status: 'failed', incarnation: 2 },
    });
  });
});

describe('any sequence of events', () => {
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('command' as const),
      command: fc.constantFrom(...CONTAINER_COMMANDS),
      subject: fc.constantFrom('', 'a'),
    }),
    fc.record({
      kind: fc.constant('report' as const),
      outcome: fc.constantFrom('completed' as const, 'failed' as const),
      observed: fc.constantFrom(
        'running' as const,
        'stopped' as const,
        'paused' as const,
        'absent' as const,
        'unknown' as const,
      ),
      stale: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('observation' as const),
      observed: fc.constantFrom('running' as const, 'stopped' as const, 'paused' as const, 'absent' as const),
    }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 700_000 }) }),
    fc.record({ kind: fc.constant('source' as const), gives: fc.boolean() }),
  );
  it('gives one legal serial history, a growing incarnation and no operation without a deadline', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state: LifecycleState | null = null;
        let nowMs = 0;
        let operations = 0;
        const rows: HistoryRow[] = [];
        const move = (next: LifecycleState, by: ContainerCommand | null): void => {
          if (state !== null) expect(next.incarnation).toBeGreaterThanOrEqual(state.incarnation);
          if (state?.status !== next.status)
            rows.push({ fromStatus: state?.status ?? null, toStatus: next.status, command: by });
          state = next;
        };
        for (const happening of events) {
          const current: LifecycleState | null = state;
          if (happening.kind === 'command') {
            operations += 1;
            const decision = decideCommand(current, {
              ...command(happening.command, `op-${operations}`, happening.subject),
              nowMs,
            });
            if (decision.kind === 'accepted') move(decision.next, happening.command);
          } else if (current !== null && happening.kind === 'report') {
            const decision = decideReport(current, {
              operationId: (current as LifecycleState).operation?.id ?? 'none',
              incarnation: (current as LifecycleState).incarnation - (happening.stale ? 1 : 0),
              outcome: happening.outcome,
              observed: happening.observed,
            });
            if (decision.kind === 'settled') move(decision.next, decision.operation.command);
          } else if (current !== null && happening.kind === 'source') {
            const { operation } = current as LifecycleState;
            if (operation?.command !== 'copy' && operation?.command !== 'sync') continue;
            const decision = happening.gives
              ? decideHostPhase(current, operation.id)
              : decideUnbegun(current, operation.id);
            if (decision.kind !== 'dropped') move(decision.next, operation.command);
          } else if (current !== null && happening.kind === 'observation') {
            const decision = decideObservation(current, {
              incarnation: (current as LifecycleState).incarnation,
              observed: happening.observed,
            });
            if (decision.kind === 'moved') move(decision.next, null);
          } else if (happening.kind === 'time') {
            nowMs += happening.ms;
            if (current === null) continue;
            const decision = decideDeadline(current, nowMs);
            if (decision.kind !== 'not_due') move(decision.next, decision.operation.command);
          }
        }
        expect(findHistoryFault(rows)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('findHistoryFault', () => {
  const created: HistoryRow[] = [
    { fromStatus: null, toStatus: 'creating', command: 'create' },
    { fromStatus: 'creating', toStatus: 'running', command: 'create' },
  ];
  it('accepts a legal story and names the first fault of an illegal one', () => {
    expect(findHistoryFault(created)).toBeNull();
    expect(
      findHistoryFault([...created, { fromStatus: 'stopped', toStatus: 'running', command: 'start' }]),
    ).toContain('row 2');
    expect(
      findHistoryFault([...created, { fromStatus: 'running', toStatus: 'paused', command: 'resume' }]),
    ).toContain('row 2');
    expect(findHistoryFault([{ fromStatus: null, toStatus: 'running', command: 'create' }])).toContain(
      'row 0',
    );
    expect(
      findHistoryFault([...created, { fromStatus: 'running', toStatus: 'deleted', command: 'delete' }]),
    ).toContain('row 2');
  });
});
