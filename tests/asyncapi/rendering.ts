import path from 'node:path';
import { asyncApiDocument } from '@payfan/contracts/asyncapi';
import { channelNames } from '@payfan/stack/testing';
import { stringify } from 'yaml';

/** Where the document is, from the root of the repository. */
export const FILE = 'docs/asyncapi.yaml';
/** The same as npm and Jest find it, both of which run at the root. */
export const PATH = path.resolve(FILE);

/** The document as it should be: YAML that Prettier leaves as it is, which is why no line is folded. */
export function rendered(): string {
  return stringify(asyncApiDocument({ channels: channelNames }), {
    aliasDuplicateObjects: false,
    lineWidth: 0,
    singleQuote: true,
  });
}
