import {
  BEARER_PROTOCOL_PREFIX,
  CLOSE_CODES,
  LIVE_PATH,
  LIVE_PROTOCOL,
  MOST_FRAME_BYTES,
} from '../live-protocol.ts';
import { messagesOf, operation, ref, type Channel, type Operation } from './format.ts';
import { REPLY } from './messages.ts';
import { CLIENT_FRAMES, SERVER_FRAMES } from './schemas.ts';

/** The name of the WebSocket among the channels. */
const WEBSOCKET = 'websocket';

const CLIENT = [...CLIENT_FRAMES.keys()];
const SERVER = [...SERVER_FRAMES.keys()];

const CODES: Record<keyof typeof CLOSE_CODES, string> = {
  badToken: 'The key or token is not valid, or has expired. Do not reconnect with it',
  forbidden: 'A token frame held a token of somebody else. Do not reconnect',
  tooManyConnections: 'Too many connections of the account, or from the address. Close one first',
  slow: 'More waited for you than is kept (`BUFFER_BYTES`). Back off, then resume after the last number you have',
  noPong: 'A ping was not answered in time. Back off, then resume',
  rate: 'Too many frames (`FRAMES_PER_SECOND`). Back off, then resume',
  tokenExpired:
    'Your token has expired. Get a new one, then resume. A token frame in time would have spared you this',
};
/** Codes that are not ours: https://www.iana.org/assignments/websocket */
const STANDARD_CODES: [code: number, meaning: string][] = [
  [1007, 'A text frame was no UTF-8. Mend your client'],
  [1009, `A frame was larger than ${MOST_FRAME_BYTES} bytes. Mend your client`],
  [1012, 'The gateway stops, or its log no longer continues what you were told. Resume at once'],
];

/** What AsyncAPI has no place for: a table in the description, and the same for programs beside the binding. */
const closeCodes: [code: number, meaning: string][] = [
  ...STANDARD_CODES,
  ...Object.entries(CODES).map(([name, meaning]): [number, string] => [
    CLOSE_CODES[name as keyof typeof CLOSE_CODES],
    meaning,
  ]),
];

const listOf = (entries: [string | number, string][]): string =>
  entries.map(([key, text]) => `- \`${key}\`: ${text}.`).join('\n');

const DESCRIPTION = `Frames are text, one JSON value each. A client numbers its frames; each is answered by a \`${REPLY}\` with that number as \`re\`, not always in the order of asking.

Subscribe with \`after\`, the last number you have: the reply comes first, then what was missed and what is new, each once and in order. Without \`after\` only what is new is told. If the log no longer reaches back the reply is \`history_gone\` and names a snapshot to read; what follows its \`seq\` is told. Numbers have no gaps; forget what you see twice by \`id\`. An account may follow its own topic, \`payout.<id>\` of its own payouts, and \`public.*\`; operators follow everything, services what they are granted, also by patterns: unless told otherwise all topics but those that tell of somebody’s money, \`account\` and \`payout\`. Services publish.

Handshake: offer the subprotocol \`${LIVE_PROTOCOL}\`; it is the one that is chosen. Browsers offer \`${BEARER_PROTOCOL_PREFIX}<token>\` beside it, others send \`Authorization\`. A page's origin must be one of those allowed. A handshake that cannot be taken is answered by HTTP: 400 without the subprotocol, 403 for the origin, 503 with \`Retry-After\` while the gateway is overloaded, stops or cannot check who you are; who may not come in is let in and closed, as browsers are not shown a status.

Close codes:

${listOf(closeCodes)}

40xx: do not reconnect. 41xx: back off, then resume. 42xx: get a new token, then resume.`;

export const websocketChannel = (): Record<string, Channel> => ({
  [WEBSOCKET]: {
    address: LIVE_PATH,
    summary: 'What happens, as it happens',
    description: DESCRIPTION,
    servers: [ref('servers', 'gateway')],
    messages: messagesOf([...CLIENT, ...SERVER]),
    bindings: {
      ws: {
        method: 'GET',
        headers: {
          type: 'object',
          properties: {
            'Sec-WebSocket-Protocol': {
              type: 'string',
              description: `\`${LIVE_PROTOCOL}\`, and beside it perhaps \`${BEARER_PROTOCOL_PREFIX}<token>\``,
              pattern: `(^|, *)${LIVE_PROTOCOL.replaceAll('.', '\\.')} *(,|$)`,
            },
            Authorization: { type: 'string', description: '`Bearer <API key or token>`' },
            Origin: { type: 'string', description: 'Of a page; exact' },
          },
          required: ['Sec-WebSocket-Protocol'],
        },
        'x-subprotocol': LIVE_PROTOCOL,
        'x-close-codes': Object.fromEntries(closeCodes),
        'x-most-frame-bytes': MOST_FRAME_BYTES,
        bindingVersion: '0.1.0',
      },
    },
  },
});

export function websocketOperations(): Record<string, Operation> {
  const gateway = (
    action: Operation['action'],
    messages: readonly string[],
    about: Pick<Operation, 'summary' | 'description'>,
  ) => operation('gateway', action, { channel: WEBSOCKET, messages }, about);
  const channel = ref('channels', WEBSOCKET);
  return {
    'gateway.answer': {
      ...gateway('receive', CLIENT, { summary: 'Takes what clients ask for, and answers each' }),
      reply: { channel, messages: [{ $ref: `${channel.$ref}/messages/${REPLY}` }] },
    },
    'gateway.tell': gateway('send', ['LiveEvent', 'LiveEvents'], {
      summary: 'Tells what happens on the topics that a client follows',
    }),
    'gateway.askToReconnect': gateway('send', ['Reconnect'], {
      summary: 'Before it stops: open another connection in so many milliseconds, then close this one',
    }),
    'gateway.tellTokenEnds': gateway('send', ['TokenEnds'], {
      summary: 'Before a token ends: answer with a `TokenFrame`, or be closed',
    }),
  };
}
