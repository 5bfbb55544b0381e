import type { Transport } from '@payfan/live-client';

/** Told apart by form as well as by colour: by the strokes of a line, and by the shape and size of a point. */
export const LOOKS = {
  websocket: { name: 'WebSocket', colour: 'text-accent', dashes: undefined, shape: 'circle' },
  sse: { name: 'Server-sent events', colour: 'text-warn', dashes: '6 3', shape: 'square' },
  polling: { name: 'Polling', colour: 'text-bad', dashes: '1.5 3.5', shape: 'dot' },
} as const satisfies Record<Transport, object>;
