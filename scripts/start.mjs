// `npm start`: see scripts/start.ts.
import { ensureInstalled, runScript } from './install.mjs';

ensureInstalled();
runScript('scripts/start.ts', process.argv.slice(2));
