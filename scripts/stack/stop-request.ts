/**
 * Calls `stop` once when this process is asked to end: by ctrl-C, by a signal, or because the process that
 * started it is gone. A second request ends it at once.
 */
export function onStopRequest(stop: () => Promise<void>): void {
  let isStopping = false;
  const request = (): void => {
    if (isStopping) process.exit(130);
    isStopping = true;
    stop().catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  if (process.channel !== undefined) {
    process.once('disconnect', request);
    // The channel is there to be watched, not to keep a finished process alive.
    process.channel?.unref();
  }
}
