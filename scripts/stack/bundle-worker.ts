import { build, stop } from 'esbuild';

export interface WorkerBundle {
  readonly script: string;
  readonly bytes: number;
}

let running = 0;

/**
 * Bundles a worker the way the deployment tool does: one ES module for workerd, with Node's and
 * Cloudflare's own modules left to the runtime.
 *
 * @param entryPath absolute path of the worker's `src/index.ts`
 */
export async function bundleWorker(entryPath: string): Promise<WorkerBundle> {
  running += 1;
  try {
    return await bundle(entryPath);
  } finally {
    running -= 1;
    // The bundler is a process of its own, which else would live as long as this one.
    if (running === 0) await stop();
  }
}

async function bundle(entryPath: string): Promise<WorkerBundle> {
  const result = await build({
    entryPoints: [entryPath],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    // Names stay readable in stack traces; the rest is what a start-up does not have to read.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
  });
  const output = result.outputFiles[0];
  if (output === undefined) throw new Error(`bundling ${entryPath} gave no output`);
  return { script: output.text, bytes: output.contents.byteLength };
}
