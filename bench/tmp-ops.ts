import { mkdtempSync } from 'node:fs';
import { startStack } from '../scripts/stack/stack.ts';
import { measureOperations } from './container-operations.ts';
const stack = await startStack({ dataDir: mkdtempSync('/tmp/probe-') });
console.log(await measureOperations(stack));
await stack.stop();
