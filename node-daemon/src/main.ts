#!/usr/bin/env node
import { runImageCommand } from './command-line/image-commands.ts';
import { executeCommand, showStatus } from './command-line/local-commands.ts';
import { enrollHost, runDaemon } from './command-line/run-daemon.ts';
import { helpText, readCommandLine } from './configuration.ts';
import { daemonVersion } from './version.ts';

async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2), process.env);
  switch (commandLine.command) {
    case 'run':
      return runDaemon(commandLine.configuration);
    case 'enroll':
      return enrollHost(commandLine.configuration);
    case 'exec':
      return executeCommand(commandLine);
    case 'status':
      return showStatus(commandLine.configuration.dataDir);
    case 'image':
      return runImageCommand(commandLine);
    case 'help':
      process.stdout.write(helpText);
      return 0;
    case 'version':
      process.stdout.write(`${daemonVersion}\n`);
      return 0;
    case 'invalid':
      process.stderr.write(`${commandLine.message}\nnode-daemon --help shows what there is.\n`);
      return 2;
  }
}

process.exitCode = await main();
