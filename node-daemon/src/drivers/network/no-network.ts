import { done, type Outcome } from '../../outcome.ts';
import type { NetworkDriver } from '../types.ts';

/** Machines have a loopback device and nothing else. */
export class NoNetwork implements NetworkDriver {
  readonly name = 'none';
  readonly capabilities = { network: false };

  async attach(): Promise<Outcome<undefined>> {
    return done;
  }

  async detach(): Promise<Outcome<undefined>> {
    return done;
  }

  async release(): Promise<Outcome<undefined>> {
    return done;
  }

  async list(): Promise<string[]> {
    return [];
  }
}
