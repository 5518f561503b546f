import { done, fail, type Outcome } from '../../outcome.ts';
import type { CheckpointDriver } from '../types.ts';
import { discardMemory } from './memory-directory.ts';

const refusal = 'This host can freeze a machine but can’t hold its memory in a snapshot.';

/** No checkpoints: a machine can be frozen in place, its memory can't leave the host. */
export class FreezeOnlyCheckpoint implements CheckpointDriver {
  readonly name = 'freeze-only';
  readonly capabilities = { stateful_snapshot: false };

  async blockers(): Promise<string[]> {
    return [refusal];
  }

  async preDump(): Promise<Outcome<undefined>> {
    return done;
  }

  async discard(_containerId: string, volume: string): Promise<Outcome<undefined>> {
    return discardMemory(volume);
  }

  async dump(): Promise<Outcome<undefined>> {
    return fail('CAPABILITY_MISSING', refusal);
  }

  async incompatibilities(): Promise<string[]> {
    return [refusal];
  }

  async restore(): Promise<Outcome<undefined>> {
    return fail('CAPABILITY_MISSING', refusal);
  }
}
