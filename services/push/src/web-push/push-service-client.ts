import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';
import { isNativeError } from 'node:util/types';
import { oneLine } from '@payfan/channel';
import { beginningOf, type Lane } from '@payfan/contracts';
import { withDeadline, type Deadline } from '@payfan/service';
import webPush from 'web-push';
import { readEndpoint, type Endpoint, type EndpointRules } from './endpoint.ts';
import type { BrowserSubscription } from './job-store.ts';
import { resultOfStatus, type PushResult } from './policy.ts';
import { publicLookup, type Resolve } from './public-address.ts';
import { senderTokens, type Sender } from './sender-tokens.ts';

/** A message to one browser. */
interface PushMessage {
  subscription: BrowserSubscription;
  payload: string;
  /** The same for the same event: a push service that still holds it puts this in its place. */
  topic: string;
  /** For how long the push service may hold it. */
  ttlSeconds: number;
  lane: Lane;
}

export interface PushServiceClientOptions {
  sender: Sender;
  rules: EndpointRules;
  /** Of sockets to each push service. */
  connections: number;
  /** The system's, unless told. */
  resolve?: Resolve;
}

export interface PushServiceClient {
  /** Hands a message to the push service of its browser. Never throws. */
  send(message: PushMessage, deadline: Deadline): Promise<PushResult>;
  /** Closes what is open. */
  stop(): void;
}

/** Payments wake a phone that saves its battery, as people wait for them at a counter; a crowd of payouts does not. RFC 8030, 5.3. */
const URGENCY = { interactive: 'high', bulk: 'normal' } as const;
/** Of an answer: what it says is for our log. */
const MOST_ANSWER_BYTES = 1_000;

/**
 * Speaks to the push services of browsers: RFC 8030, enciphered by the library. The library's own sender keeps
 * answers of any length and knows no deadline, so requests are ours.
 */
export function pushServiceClient(options: PushServiceClientOptions): PushServiceClient {
  const { sender, rules, connections: maxSockets, resolve } = options;
  const tokens = senderTokens(sender);
  const agents = {
    world: new HttpsAgent({ keepAlive: true, maxSockets, lookup: publicLookup(resolve) }),
    sandbox: new HttpAgent({ keepAlive: true, maxSockets }),
    sandboxTls: new HttpsAgent({ keepAlive: true, maxSockets }),
  };

  const post = ({ url, isSandbox }: Endpoint, enciphered: Enciphered, signal: AbortSignal) => {
    const { headers, body } = enciphered;
    const init = { method: 'POST', headers: { ...headers, authorization: tokens.for(url.origin) }, signal };
    return new Promise<IncomingMessage>((resolve, reject) => {
      const request =
        url.protocol === 'http:'
          ? httpRequest(url, { ...init, agent: agents.sandbox }, resolve)
          : httpsRequest(url, { ...init, agent: isSandbox ? agents.sandboxTls : agents.world }, resolve);
      request.on('error', reject).end(body);
    });
  };

  return {
    async send(message, deadline) {
      // Rules may have become stricter since the browser subscribed.
      const endpoint = readEndpoint(message.subscription.endpoint, rules);
      if (endpoint === undefined) return { kind: 'refused', error: 'its endpoint is not allowed' };
      let enciphered: Enciphered;
      try {
        enciphered = encipher(message);
      } catch (error) {
        return { kind: 'refused', error: `its keys are no use: ${describe(error)}` };
      }
      try {
        return await withDeadline(deadline, async (signal) => {
          const response = await post(endpoint, enciphered, signal);
          const text = await readBeginning(response);
          const { statusCode = 0, headers } = response;
          const error = `the push service answered ${statusCode}: ${oneLine(text)}`;
          return resultOfStatus(statusCode, error, retryAfterMs(headers['retry-after']));
        });
      } catch (error) {
        return { kind: 'failed', error: describe(error) };
      }
    },
    stop() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

interface Enciphered {
  headers: Record<string, string | number>;
  body: Buffer | null;
}

/** @throws whatever is wrong with the browser's keys */
function encipher({ subscription, payload, topic, ttlSeconds, lane }: PushMessage): Enciphered {
  const { headers, body } = webPush.generateRequestDetails(subscription, payload, {
    contentEncoding: 'aes128gcm',
    urgency: URGENCY[lane],
    TTL: ttlSeconds,
    topic,
  });
  return { headers: headers, body };
}

/** The first of an answer; one that goes on is cut off, connection and all. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length >= MOST_ANSWER_BYTES) break;
  }
  return beginningOf(text, MOST_ANSWER_BYTES);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function describe(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Several addresses were tried: their errors are inside, and only the code tells what they have in common.
  return error.message || ('code' in error ? String(error.code) : error.name);
}
