import { RefusedError } from './http-client.ts';
import { eventsPath, pageOf, type Follow } from './http-link.ts';

/** Less than the silence after which a connection is doubted, and than most proxies allow. */
const WAIT_SECONDS = 20;

/** One request after the other, each answered as soon as something happens. Only for topics with a log. */
export const poll: Follow = async ({ topic, after, http, signal, onFrames, onBegun }) => {
  if (after === undefined) {
    const detail = `${topic} has no log that could be polled: follow it by WebSocket or SSE.`;
    throw new RefusedError({ code: 'invalid_frame', retryable: false, detail });
  }
  onBegun();
  for (let seq = after; !signal.aborted;) {
    const page = await pageOf(http, eventsPath(topic, seq, WAIT_SECONDS), signal);
    seq = page.next;
    onFrames(page.data.map((event) => ({ t: 'event', event })));
  }
};
