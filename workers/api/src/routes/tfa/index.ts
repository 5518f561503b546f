import type { Operation } from '../../operation.ts';
import { disable } from './disable.ts';
import { getStatus } from './get-status.ts';
import { regenerateBackupCodes } from './regenerate-backup-codes.ts';
import { setTokenGate } from './set-token-gate.ts';
import { setup } from './setup.ts';
import { verifySetup } from './verify-setup.ts';
import { verify } from './verify.ts';

/** Every operation of the tag `tfa`. */
export const twoFactorOperations: readonly Operation[] = [
  setup,
  verifySetup,
  verify,
  getStatus,
  regenerateBackupCodes,
  setTokenGate,
  disable,
];
