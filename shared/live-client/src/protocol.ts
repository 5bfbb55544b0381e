import type { ClientFrame, LiveEvent, Reply } from '@payfan/contracts';

export {
  BEARER_PROTOCOL_PREFIX,
  CLOSE_CODES,
  covers,
  isPattern,
  LIVE_PROTOCOL,
} from '@payfan/contracts/live-protocol';
export type { ClientFrame, LiveEvent, Reply } from '@payfan/contracts';

/** The three ways to follow the gateway's log. */
export const TRANSPORTS = ['websocket', 'sse', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];
/** `auto`: the first of them that gets through. */
export type TransportChoice = 'auto' | Transport;

export type SubscribeFrame = Extract<ClientFrame, { t: 'subscribe' }>;

/** One thing that a gateway says. */
export type Said =
  | { t: 'event'; event: LiveEvent }
  | { t: 'reply'; reply: Reply }
  | { t: 'reconnect'; afterMs: number }
  | { t: 'token-ends'; inMs: number };

type Fields = Partial<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function isEvent(value: Fields): boolean {
  const { topic, id, type, seq } = value;
  return (
    typeof topic === 'string' &&
    typeof id === 'string' &&
    typeof type === 'string' &&
    (seq === undefined || Number.isSafeInteger(seq))
  );
}

function understood(value: unknown): Said | undefined {
  if (!isObject(value)) return undefined;
  if (value['t'] === 'event') {
    return isEvent(value) ? { t: 'event', event: value as unknown as LiveEvent } : undefined;
  }
  if (value['t'] === 'reconnect' && typeof value['afterMs'] === 'number') {
    return { t: 'reconnect', afterMs: value['afterMs'] };
  }
  if (value['t'] === 'token-ends' && typeof value['inMs'] === 'number') {
    return { t: 'token-ends', inMs: value['inMs'] };
  }
  if (typeof value['re'] === 'number' && typeof value['ok'] === 'boolean') {
    return { t: 'reply', reply: value as unknown as Reply };
  }
  return undefined;
}

/**
 * What a frame says, in its order. Of the schemas only what we rely on is checked, because zod would weigh more
 * than the rest of a page's client; what is not known here is left out, so that a newer gateway may say more.
 *
 * @throws SyntaxError if it is no JSON.
 */
export function readFrame(text: string): Said[] {
  const frame: unknown = JSON.parse(text);
  return (Array.isArray(frame) ? frame : [frame]).flatMap((one) => understood(one) ?? []);
}
