import { build } from 'esbuild';

export interface WorkerBundle {
  readonly script: string;
  readonly bytes: number;
}

/**
 * Bundles a worker the way the deployment tool does: one ES module for workerd, with Node's and
 * Cloudflare's own modules left to the runtime.
 *
 * @param entryPath absolute path of the worker's `src/index.ts`
 */
export async function bundleWorker(entryPath: string): Promise<WorkerBundle> {
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
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
  });
  const output = result.outputFiles[0];
  if (output === undefined) throw new Error(`bundling ${entryPath} gave no output`);
  return { script: output.text, bytes: output.contents.byteLength };
}
