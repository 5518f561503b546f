import { ok, type RuntimeSection } from '@control-plane/contract';
import { containersGet } from '@control-plane/contract/routes';
import { containerNotFound, containerObject, loadContainer } from '../../containers/load-container.ts';
import { isoTime, presentContainer } from '../../containers/present-container.ts';
import { readRuntime } from '../../containers/read-runtime.ts';
import { operation } from '../../operation.ts';

export const getContainerOperation = operation(containersGet, async ({ params, query }, context) => {
  // Asked for at once, and answered only if the caller may see it; an object that holds nothing stays nothing.
  const [loaded, record] = await Promise.all([
    loadContainer(context, params.id, 'read'),
    containerObject(context, params.id).read(),
  ]);
  if (!loaded.ok) return loaded;
  if (record === null) return containerNotFound();
  const sections: readonly RuntimeSection[] = query.runtime ?? [];
  const runtime = sections.length === 0 ? ok(undefined) : await readRuntime(context, record, sections);
  if (!runtime.ok) return runtime;
  const { serverExpiredAt, serverSuspendedAt } = loaded.value;
  const warnings =
    serverExpiredAt === null
      ? []
      : [
          {
            type: 'server_expired',
            message: "The server's rental has expired: this container is read-only",
            expired_at: isoTime(serverExpiredAt),
          },
        ];
  const suspensions =
    serverSuspendedAt === null
      ? []
      : [
          {
            type: 'usage_unpaid',
            message: "The server's usage could not be paid: this container can't be started",
          },
        ];
  return ok({
    message: 'Container retrieved successfully',
    data: {
      ...presentContainer(context, loaded.value, record),
      ...(runtime.value === undefined ? {} : { runtime_info: runtime.value }),
      ...proxySummary(query),
      warnings: [...warnings, ...suspensions],
    },
  });
});

/** No proxy rule exists before the proxy does: what the flags ask for is truly empty. */
function proxySummary(query: {
  include_proxy_domains?: boolean | undefined;
  include_proxy_permissions?: boolean | undefined;
}) {
  return {
    ...(query.include_proxy_domains === true
      ? { proxy_domains: [], has_proxy_domains: false, proxy_domains_count: 0 }
      : {}),
    ...(query.include_proxy_permissions === true
      ? { has_proxy_permissions: false, proxy_permissions_scope: 'none' as const }
      : {}),
  };
}
