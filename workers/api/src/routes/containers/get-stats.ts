import { ok } from '@control-plane/contract';
import { containersGetStats } from '@control-plane/contract/routes';
import { containerNotFound, containerObject, loadContainer } from '../../containers/load-container.ts';
import { readContainerStats } from '../../containers/read-stats.ts';
import { operation } from '../../operation.ts';

export const getStatsOperation = operation(containersGetStats, async ({ params }, context) => {
  const loaded = await loadContainer(context, params.id, 'read');
  if (!loaded.ok) return loaded;
  const record = await containerObject(context, params.id).read();
  if (record === null) return containerNotFound();
  const stats = await readContainerStats(context, loaded.value, record);
  return stats.ok ? ok({ message: 'Container stats retrieved successfully', data: stats.value }) : stats;
});
