import { Command, CommanderError } from 'commander';
import type { Around } from './connection.ts';
import { addDeadLettersCommand } from './dead-letters-command.ts';
import { addDeliveriesCommand } from './deliveries-command.ts';
import { CommandFailed, EXIT, UsageError } from './errors.ts';
import { addQueuesCommand } from './queues-command.ts';
import { addSigningKeysCommand } from './signing-keys-command.ts';

/** Runs one command to its end, and answers the exit code: 0 done, 1 failed, 2 not understood, 130 interrupted. */
export async function run(argv: readonly string[], around: Omit<Around, 'exitWith'>): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram({ ...around, exitWith: (wanted) => (code = wanted) });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    // It has said already what was wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof UsageError || error instanceof CommandFailed) {
      around.terminal.note(error.message);
      return error instanceof UsageError ? EXIT.usage : EXIT.failed;
    }
    throw error;
  }
}

function createProgram(around: Around): Command {
  const program = new Command('npm run payfan --')
    .description('What an operator does with a running Payfan.')
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .configureHelp({ showGlobalOptions: true });
  addQueuesCommand(program, around);
  addDeliveriesCommand(program, around);
  addDeadLettersCommand(program, around);
  addSigningKeysCommand(program, around);
  return program;
}
