import type { ContainerRecord } from '@control-plane/lifecycle';

/** Kit services that have a URL of their own at once; the first instance of those that are numbered. */
const KIT_SEGMENTS: Readonly<Record<string, string>> = {
  terminal: 'terminal-1',
  display: 'display-1',
  desktop: 'desktop-1',
  browser: 'browser-1',
  files: 'files-1',
  exec: 'exec-1',
  sqlite: 'sqlite-1',
  curl: 'curl-1',
  cron: 'cron-1',
  daemon: 'daemon-1',
  notifications: 'n-1',
  pipe: 'pipe-1',
  notes: 'notes-1',
  watch: 'watch-1',
  logs: 'logs-1',
  tunnel: 'tunnel-1',
  http: 'http-80',
  https: 'https-443',
};
/** Those that come with the developer kit only. */
const DEV_KIT_SEGMENTS: Readonly<Record<string, string>> = { code: 'code-1', agent: 'agent-1', run: 'run-1' };

/**
 * The URLs under which a container's services will answer, known before it runs:
 * `https://{projectId}-{containerId}-{segment}.{serverName}.{containersDomain}`. Empty without the kit.
 *
 * @param apiDomain host of the API; its `api.` label becomes `containers.`
 */
export function containerUrls(record: ContainerRecord, apiDomain: string): Record<string, string> {
  if (!record.hoodyKit) return {};
  const segments = record.devKit ? { ...KIT_SEGMENTS, ...DEV_KIT_SEGMENTS } : KIT_SEGMENTS;
  return Object.fromEntries(
    Object.entries(segments).map(([service, segment]) => [
      service,
      `https://${serviceHost(record, segment, apiDomain)}`,
    ]),
  );
}

/** The host name for SSH, or null when nothing would answer there. */
export function sshHostname(record: ContainerRecord, apiDomain: string): string | null {
  return record.sshPublicKey === null ? null : serviceHost(record, 'ssh', apiDomain);
}

function serviceHost(record: ContainerRecord, segment: string, apiDomain: string): string {
  const domain = apiDomain.replace(/^api\./, 'containers.');
  return `${record.projectId}-${record.id}-${segment}.${record.serverName}.${domain}`;
}
