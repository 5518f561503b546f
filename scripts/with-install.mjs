// `node scripts/with-install.mjs SCRIPT.ts [ARGUMENTS…]`: installs what is missing, then runs the script.
import { ensureInstalled, runScript } from './install.mjs';

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write('usage: node scripts/with-install.mjs SCRIPT.ts [ARGUMENTS…]\n');
  process.exit(2);
}
ensureInstalled();
runScript(script, args);
