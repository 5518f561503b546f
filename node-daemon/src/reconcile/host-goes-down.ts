import { runBriefly } from '../command-shell/run-briefly.ts';

const timeoutMs = 5_000;

/** Whether the host itself is shutting down, as systemd says; false where there is no systemd. */
export async function hostGoesDown(): Promise<boolean> {
  // It ends with 1 for every state but `running`: what it prints is what counts.
  const script = 'systemctl is-system-running 2>/dev/null || :';
  const state = await runBriefly({ command: 'sh', argv: ['-c', script], timeoutMs }).catch(() => '');
  return state.trim() === 'stopping';
}
