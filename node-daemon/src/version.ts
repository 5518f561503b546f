import manifest from '../package.json' with { type: 'json' };

/** Version of this daemon. */
export const daemonVersion = manifest.version;
