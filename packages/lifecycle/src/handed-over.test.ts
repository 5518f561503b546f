import { describe, expect, it } from 'vitest';
import type { ContainerCommand, ContainerStatus } from './status.ts';
import {
  decideCommand,
  decideDeadline,
  decideHostPhase,
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
function during(name: ContainerCommand, status: ContainerStatus, subject = ''): LifecycleState {
  const decision = decideCommand(idle(status), command(name, 'op-1', subject));
  if (decision.kind !== 'accepted') throw new Error(`${name} is illegal in ${status}`);
  return decision.next;
}

describe('operations that wait for another container', () => {
  it('a copy is a container from its first moment, and its failure leaves a failed one', () => {
    const first = decideCommand(null, command('copy'));
    if (first.kind !== 'accepted') throw new Error('unreachable');
    expect(first.next).toMatchObject({ status: 'copying', incarnation: 1, operation: { after: 'running' } });
    expect(decideCommand(first.next, command('copy')).kind).toBe('joined');
    expect(decideUnbegun(first.next, 'op-1')).toMatchObject({
      kind: 'settled',
      outcome: 'failed',
      next: { status: 'failed', incarnation: 1, operation: null },
    });
    expect(decideDeadline(first.next, 1e9)).toMatchObject({ cleanUp: true, next: { status: 'failed' } });
  });
  it.each(['running', 'stopped'] as const)(
    'a sync of a %s copy changes nothing before its data is there',
    (status) => {
      const waiting = during('sync', status);
      expect(waiting).toMatchObject({ status: 'copying', incarnation: 3 });
      expect(decideUnbegun(waiting, 'op-1')).toMatchObject({ next: { status, incarnation: 3 } });
      const begun = decideHostPhase(waiting, 'op-1');
      if (begun.kind !== 'begun') throw new Error('unreachable');
      expect(begun.next).toMatchObject({ status: 'copying', incarnation: 4, operation: { id: 'op-1' } });
      const failed = { operationId: 'op-1', incarnation: 4, outcome: 'failed', observed: 'unknown' } as const;
      expect(decideReport(begun.next, failed)).toMatchObject({ next: { status, incarnation: 4 } });
      expect(decideReport(begun.next, { ...failed, observed: 'absent' })).toMatchObject({
        next: { status: 'failed' },
      });
      expect(decideDeadline(begun.next, 1e9)).toMatchObject({ cleanUp: false, next: { status } });
    },
  );
  it('another operation neither begins nor ends it', () => {
    const waiting = during('sync', 'running');
    expect(decideHostPhase(waiting, 'op-2').kind).toBe('dropped');
    expect(decideUnbegun(waiting, 'op-2').kind).toBe('dropped');
    expect(decideHostPhase(idle('running'), 'op-1').kind).toBe('dropped');
  });
});

describe('a claim', () => {
  it('shows the container as being handed over, and refuses all but its deletion', () => {
    const claiming = during('claim', 'running', 'op-1');
    expect(decideCommand(claiming, command('stop', 'op-2'))).toEqual({
      kind: 'refused',
      reason: 'finalizing',
    });
    expect(decideCommand(claiming, command('claim', 'op-2', 'op-2'))).toMatchObject({ kind: 'refused' });
    expect(decideCommand(claiming, command('delete', 'op-2')).kind).toBe('accepted');
  });
  it('that fails leaves nothing that could run on', () => {
    const claiming = during('claim', 'running');
    const report = { operationId: 'op-1', incarnation: 3, outcome: 'failed', observed: 'running' } as const;
    expect(decideReport(claiming, report)).toMatchObject({
      cleanUp: true,
      next: { status: 'failed', incarnation: 4 },
    });
    expect(decideDeadline(claiming, 1e9)).toMatchObject({
      cleanUp: true,
      next: { status: 'failed', incarnation: 4 },
    });
  });
});
