import { execFileSync } from 'node:child_process';

/** Numbers that the host gives the processes of a machine, without LXC's monitor. */
export function hostPidsOf(containerId: string): number[] {
  const groups = `find /sys/fs/cgroup -path '*/${containerId}/cgroup.procs' -not -path '*/monitors/*'`;
  const text = execFileSync('sh', ['-c', `${groups} | xargs cat | sort -nu`], { encoding: 'utf8' });
  return text.split('\n').filter(Boolean).map(Number);
}

/** Runs a command of the host in a machine's network, where a small image has neither nft nor all of ip. */
export function inNetworkOf(containerId: string, command: string, input = ''): string {
  const place = [`--net=/proc/${hostPidsOf(containerId)[0]}/ns/net`, 'sh', '-c', command];
  return execFileSync('nsenter', place, { input, encoding: 'utf8' });
}
