import { cliConfig } from './config.ts';
import { run } from './program.ts';
import { openTerminal } from './terminal.ts';

// Whoever reads our output may have seen enough (`| head`).
process.stdout.on('error', () => process.exit(0));

const config = cliConfig();
process.exitCode = await run(process.argv.slice(2), { config, terminal: openTerminal(config) });
