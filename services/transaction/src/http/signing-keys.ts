import { SigningKeyRotation } from '@payfan/contracts';
import { Problem, type Api } from '@payfan/service';
import type { SigningKeys } from '../signing-keys.ts';

/** For operators: the keys that sign tokens. */
export function signingKeyRoutes(api: Api, keys: Pick<SigningKeys, 'rotate'>): void {
  api.route(
    {
      method: 'post',
      path: '/v1/signing-keys/rotate',
      summary: 'Replace the key that signs tokens',
      description:
        'The new key is published at once and signs once every verifier can have it. Tokens of the old one work until they end. A repeat before then changes nothing.',
      auth: 'required',
      responses: { 201: { description: 'The new key', schema: SigningKeyRotation } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal }) => {
      if (principal.kind !== 'operator') {
        throw new Problem({
          status: 403,
          code: 'forbidden',
          detail: 'Only operators may rotate signing keys.',
        });
      }
      const { id, signsAt } = await keys.rotate();
      return { status: 201, body: { id, signsAt: signsAt.toISOString() } };
    },
  );
}
