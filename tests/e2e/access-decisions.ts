import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import { ROUTE_GRANTS } from '@payfan/contracts';
import { newId } from '@payfan/service';
import { channelNames } from '@payfan/stack/testing';
import { ASHA_ID } from './people.ts';

/** Every grant of a route, and one of each kind for topics. */
export const GRANTS = [...ROUTE_GRANTS, 'follow:account.*', 'publish:orders.*'] as const;
export type Grant = (typeof GRANTS)[number];

/** What the requests name: a transfer and a payout of Asha, and the push service of the sandbox. */
export interface Known {
  webPushUrl: string;
  transferId: string;
  payoutId: string;
}

/** The status that a route answers to each kind of caller. */
export interface Decision {
  /** With its parameters and query; the path of the document unless given. */
  path?: (known: Known) => string;
  body?: (known: Known) => unknown;
  /** Asha. */
  account: number;
  operator: number;
  /** The status of every service, or the grant that is needed (else 403) and the status with it. */
  service: number | { needs: Grant; status: number };
  /** A caller without a key; 401 unless given. */
  withoutKey?: number;
}

const ONLY_ACCOUNTS = { account: 200, operator: 403, service: 403 };
const ONLY_OPERATORS = { account: 403, operator: 200, service: 403 };
const OWNER_AND_OPERATORS = { account: 200, operator: 200, service: 403 };
const EVERYBODY = { account: 200, operator: 200, service: 200 };

const NONE = randomUUID();
const ofTransfer = ({ transferId }: Known) => `/v1/transfers/${transferId}`;
const ofPayout = ({ payoutId }: Known) => `/v1/payouts/${payoutId}`;
const browserAt = ({ webPushUrl }: Known) => `${webPushUrl}/push/${NONE}`;
/** A point on the curve P-256 and a secret of 16 bytes, as a browser sends them. */
const BROWSER_KEYS = {
  p256dh: createECDH('prime256v1').generateKeys('base64url', 'uncompressed'),
  auth: randomBytes(16).toString('base64url'),
};
const MONEY = { to: '7010233311', amount: 1, currency: 'INR', note: '' };

/** Channels and operations have the same routes for dead letters. */
const deadLetters = (channel: string): Record<string, Decision> => ({
  'GET /v1/dead-letters': ONLY_OPERATORS,
  'GET /v1/dead-letters/groups': ONLY_OPERATORS,
  'GET /v1/dead-letters/{id}': {
    ...ONLY_OPERATORS,
    path: () => `/v1/dead-letters/${channel}-999999`,
    operator: 404,
  },
  'POST /v1/dead-letters/replay': {
    ...ONLY_OPERATORS,
    body: () => ({ filter: { transferId: NONE }, dryRun: true }),
  },
});

const channel = (name: string): Record<string, Decision> => ({
  'GET /v1/deliveries': {
    ...OWNER_AND_OPERATORS,
    path: ({ transferId }) => `/v1/deliveries?transferId=${transferId}`,
    service: { needs: 'deliveries', status: 200 },
  },
  ...deadLetters(name),
});

const ownTopic = (route: string): Decision => ({
  ...OWNER_AND_OPERATORS,
  path: () => `${route}?topic=account.${ASHA_ID}`,
  service: { needs: 'follow:account.*', status: 200 },
});

/** Who may ask which route of which service: a new route needs a decision here. */
export const DECISIONS: Record<string, Record<string, Decision>> = {
  ...Object.fromEntries(channelNames.map((name) => [name, channel(name)])),
  transaction: {
    'GET /.well-known/jwks.json': { ...EVERYBODY, withoutKey: 200 },
    'GET /v1/accounts/me': ONLY_ACCOUNTS,
    'GET /v1/accounts/me/entries': ONLY_ACCOUNTS,
    // By a session alone: no key is one.
    'DELETE /v1/sessions/current': { account: 401, operator: 401, service: 401 },
    'POST /v1/signing-keys/rotate': { ...ONLY_OPERATORS, operator: 201 },
    'POST /v1/sessions': { account: 201, operator: 201, service: 201 },
    'POST /v1/tokens': { account: 201, operator: 201, service: 201 },
    'GET /v1/transfers': ONLY_ACCOUNTS,
    'POST /v1/transfers': { ...ONLY_ACCOUNTS, body: () => MONEY, account: 201 },
    'GET /v1/transfers/{id}': { ...OWNER_AND_OPERATORS, path: ofTransfer },
    'POST /v1/transfers/batch': {
      body: () => ({ from: ASHA_ID, payoutId: newId(), items: [{ ...MONEY, key: randomUUID() }] }),
      account: 403,
      operator: 403,
      service: { needs: 'batch', status: 200 },
    },
  },
  payout: {
    'GET /v1/payouts': OWNER_AND_OPERATORS,
    'POST /v1/payouts': { ...ONLY_ACCOUNTS, body: () => ({ items: [MONEY] }), account: 202 },
    'GET /v1/payouts/{id}': { ...OWNER_AND_OPERATORS, path: ofPayout },
    'GET /v1/payouts/{id}/items': { ...OWNER_AND_OPERATORS, path: (known) => `${ofPayout(known)}/items` },
    'POST /v1/payouts/{id}/cancel': {
      path: () => `/v1/payouts/${NONE}/cancel`,
      account: 404,
      operator: 404,
      service: 403,
    },
    'GET /v1/payouts/{id}/owner': {
      ...ONLY_OPERATORS,
      path: (known) => `${ofPayout(known)}/owner`,
      service: { needs: 'payout-owners', status: 200 },
    },
  },
  push: {
    ...channel('push'),
    'POST /v1/feeds/read': {
      ...ONLY_OPERATORS,
      body: () => ({ feeds: [{ accountId: ASHA_ID, after: 0 }], limit: 1 }),
      service: { needs: 'feeds', status: 200 },
    },
    'GET /v1/push-subscriptions/key': ONLY_ACCOUNTS,
    'POST /v1/push-subscriptions': {
      ...ONLY_ACCOUNTS,
      body: (known) => ({ endpoint: browserAt(known), keys: BROWSER_KEYS }),
      account: 201,
    },
    'DELETE /v1/push-subscriptions': {
      ...ONLY_ACCOUNTS,
      body: (known) => ({ endpoint: browserAt(known) }),
      account: 204,
    },
  },
  gateway: {
    'GET /v1/events': ownTopic('/v1/events'),
    'GET /v1/stream': ownTopic('/v1/stream'),
    'GET /v1/gateway': ONLY_OPERATORS,
    'POST /v1/gateway/{id}/drain': {
      ...ONLY_OPERATORS,
      path: () => '/v1/gateway/none/drain',
      operator: 404,
    },
  },
  operations: {
    ...deadLetters('email'),
    'GET /v1/transfers/{id}/deliveries': {
      ...OWNER_AND_OPERATORS,
      path: (known) => `${ofTransfer(known)}/deliveries`,
    },
    'GET /v1/payouts/{id}/deliveries': {
      ...OWNER_AND_OPERATORS,
      path: (known) => `${ofPayout(known)}/deliveries`,
    },
    'GET /v1/gateways': ONLY_OPERATORS,
    'POST /v1/gateways/{id}/drain': {
      ...ONLY_OPERATORS,
      path: () => '/v1/gateways/none/drain',
      operator: 404,
    },
    'GET /v1/queues': ONLY_OPERATORS,
  },
};
