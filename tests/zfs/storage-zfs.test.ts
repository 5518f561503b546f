import { storageSuite } from '../../node-daemon/src/drivers/storage/storage-suite.ts';
import { openZfsSide } from './support/zfs-side.ts';

storageSuite('zfs', { incremental: true, quota: true, losesNewer: true }, async () => {
  const [one, two] = [openZfsSide('one'), openZfsSide('two')];
  return {
    storage: one.storage,
    other: two.storage,
    leftovers: async () => [...one.leftovers(), ...two.leftovers()],
    close: async () => [one, two].forEach((side) => side.close()),
  };
});
