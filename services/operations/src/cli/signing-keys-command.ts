import { SigningKeyRotation } from '@payfan/contracts';
import type { Command } from 'commander';
import { connectTo, withCommonOptions, type Around, type CommonOptions } from './connection.ts';

/** `signing-keys rotate`: a new key for the tokens of every service. */
export function addSigningKeysCommand(program: Command, around: Around): void {
  const signingKeys = program.command('signing-keys').description('the keys that sign tokens');
  const rotate = signingKeys
    .command('rotate')
    .description('replace the key that signs; no token is refused for it')
    .addHelpText('after', '\nExample:\n  $ npm run payfan -- signing-keys rotate')
    .action((options: CommonOptions) => rotateKeys(around, options));
  withCommonOptions(rotate, 'transaction');
}

async function rotateKeys(around: Around, options: CommonOptions): Promise<void> {
  const transaction = connectTo('transaction', around, options);
  const rotation = await transaction.post('v1/signing-keys/rotate', SigningKeyRotation);
  around.terminal.print(
    options.json
      ? JSON.stringify(rotation)
      : `The new key ${rotation.id} is published, and signs from ${rotation.signsAt} on. The old one stays published until its last token has ended.`,
  );
}
