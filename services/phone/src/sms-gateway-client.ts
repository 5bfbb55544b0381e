import { isNativeError } from 'node:util/types';
import type { Provider, SendResult } from '@payfan/channel';
import { readJson, SMALL_ANSWER_BYTES } from '@payfan/service';
import { request, type Dispatcher } from 'undici';
import { z } from 'zod';
import type { Sms } from './sms.ts';

/** What the gateway answers about a message. */
const Accepted = z.object({ id: z.string() });
const Refusal = z.object({ code: z.string().optional(), detail: z.string().optional() });

/** Statuses that are about the moment or about us, not about the message: it may work later. */
const MAY_WORK_LATER = new Set([401, 403, 404, 408, 425, 429]);
/** The request cannot have reached anybody. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * An SMS gateway over HTTP: `POST /messages`, where the same reference is the same message, and
 * `GET /messages/{reference}` to learn whether it was accepted.
 *
 * @param index its place among several, which tells them apart in the timeline
 */
export function smsGateway(baseUrl: string, index = 0): Provider<Sms> {
  const messages = `${baseUrl.replace(/\/$/, '')}/messages`;
  return {
    name: index === 0 ? 'sms-gateway' : `sms-gateway-${index + 1}`,
    async send(sms, { reference, signal }) {
      let response: Dispatcher.ResponseData;
      try {
        response = await request(messages, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ reference, ...sms }),
          signal,
        });
      } catch (error) {
        return { kind: notConnected(error) ? 'failed' : 'unknown', error: describe(error) };
      }
      return resultOfAnswer(response);
    },
    async lookup({ reference, signal }) {
      const response = await request(`${messages}/${encodeURIComponent(reference)}`, { signal });
      const { statusCode, body } = response;
      if (isSuccess(statusCode))
        return { kind: 'sent', reference: Accepted.parse(await readJson(response)).id };
      await body.dump({ limit: SMALL_ANSWER_BYTES });
      if (statusCode === 404) return { kind: 'absent' };
      throw new Error(`the gateway answered ${statusCode} when asked about the message`);
    },
  };
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

async function resultOfAnswer(response: Dispatcher.ResponseData): Promise<SendResult> {
  const { statusCode: status, headers } = response;
  // The status alone decides what became of the message; a body that cannot be read only leaves out the details.
  const body: unknown = await readJson(response).catch(() => undefined);
  if (isSuccess(status)) return { kind: 'sent', reference: Accepted.safeParse(body).data?.id ?? null };
  const { code, detail } = Refusal.safeParse(body).data ?? {};
  const error = [`the gateway answered ${status}`, code, detail]
    .filter((part) => part !== undefined)
    .join(': ');
  if (status >= 400 && status < 500 && !MAY_WORK_LATER.has(status)) return { kind: 'rejected', error };
  const retryAfterMs = retryAfter(headers['retry-after']);
  return { kind: 'failed', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

const notConnected = (error: unknown): boolean =>
  isNativeError(error) && 'code' in error && NOT_CONNECTED.has(String(error.code));

function describe(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Several addresses were tried: their errors are inside, and only the code tells what they have in common.
  return error.message || ('code' in error ? String(error.code) : error.name);
}
