import { describe } from 'vitest';
import { whyNoMachines } from '../testing/test-host.ts';
import { describeMutualCopies } from './mutual-copies-suite.ts';

describe.skipIf(whyNoMachines() !== undefined)(
  'between two hosts',
  () => {
    describeMutualCopies({ environments: [{}, {}], spec: {}, rounds: 4, storage: 'directory' });
  },
  240_000,
);
