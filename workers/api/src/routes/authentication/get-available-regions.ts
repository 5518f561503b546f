import { ok } from '@control-plane/contract/errors';
import { authenticationGetAvailableRegions } from '@control-plane/contract/routes';
import { listRegions } from '@control-plane/database';
import { operation } from '../../operation.ts';

/** The places that have servers. */
export const getAvailableRegions = operation(
  authenticationGetAvailableRegions,
  async (_input, { database }) =>
    ok({ message: 'Available regions', data: { regions: await listRegions(database) } }),
);
