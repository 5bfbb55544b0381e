import { readFrame } from '../protocol.ts';
import { EventStreamReader } from './event-stream.ts';
import { LinkEndedError } from './http-client.ts';
import type { Follow } from './http-link.ts';

/**
 * Server-sent events, read from the body of a request: the browser's own EventSource can send no
 * `Authorization`, and a token in an address would stay in logs.
 */
export const stream: Follow = async ({ topic, after, http, signal, onFrames, onBegun }) => {
  const headers = {
    accept: 'text/event-stream',
    ...(after !== undefined && { 'last-event-id': String(after) }),
  };
  const path = `v1/stream?${new URLSearchParams({ topic }).toString()}`;
  const response = await http.get(path, headers, signal);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (!isStream || response.body === null) throw new LinkEndedError({});

  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const events = new EventStreamReader();
  for (let hasBegun = false; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    http.received(value.byteLength);
    // A proxy that keeps answers until they end lets the headers through at best: only a piece of the body counts.
    if (!hasBegun) onBegun();
    hasBegun = true;
    const told = events.read(decoder.decode(value, { stream: true }));
    // The log was cut between its page and its stream. Beginning anew finds out, and tells.
    if (told.some(({ name }) => name === 'history_gone')) return;
    onFrames(told.flatMap(({ data }) => readFrame(data)));
  }
};
