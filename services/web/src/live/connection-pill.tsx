'use client';

import { useSocket } from '@payfan/live-client/react';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';
import { Popover } from '../ui/popover.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { useLine, useTransportChoice } from './live-line.tsx';
import { TRANSPORT_CHOICES } from './transport-choice.ts';

const TONES = {
  good: 'text-good bg-good-soft',
  warn: 'text-warn bg-warn-soft',
  bad: 'text-bad bg-bad-soft',
  neutral: 'text-muted bg-sunken',
};
const NAMES = { websocket: 'WebSocket', sse: 'server-sent events', polling: 'polling' };

/** How the live line does; pressed, it tells by which transport, and lets another be chosen. */
export function ConnectionPill() {
  const { pill, history } = useLine();
  const { client } = useSocket();
  const { choice, choose } = useTransportChoice();
  if (pill === undefined) return null;
  const chosen = TRANSPORT_CHOICES.find(({ value }) => value === choice);
  const { status } = history;
  const canHurry = status.state === 'reconnecting' || status.state === 'refused';
  return (
    <>
      <span role="status" className="sr-only">
        {announced(pill.text)}
      </span>
      <Popover
        label="Live connection"
        trigger={
          <button
            type="button"
            aria-label={`Live connection: ${pill.text}`}
            className={cx(
              'inline-flex h-8 items-center gap-1.5 rounded-full px-2.5 text-xs sm:px-3 sm:text-[13px] font-medium whitespace-nowrap tabular-nums transition-colors',
              TONES[pill.tone],
            )}
          >
            <span
              aria-hidden="true"
              className={cx('size-2 rounded-full bg-current', pill.moving && 'animate-breathe')}
            />
            {pill.text}
          </button>
        }
      >
        <div className="grid gap-3 p-4">
          <div>
            <p className="font-semibold">{pill.text}</p>
            <p className="text-muted">Over {NAMES[status.transport]}.</p>
          </div>
          <Segmented
            label="Transport"
            value={choice}
            options={TRANSPORT_CHOICES}
            onChange={choose}
            className="w-full [&_label]:px-2"
          />
          <p className="text-[13px] text-muted">
            {chosen?.explanation} Nothing is lost or doubled by changing it.
          </p>
          {canHurry && (
            <Button size="small" icon="refresh" onClick={() => client.retry()}>
              Connect now
            </Button>
          )}
        </div>
      </Popover>
    </>
  );
}

/** Seconds that count down would never let a screen reader finish. */
const announced = (text: string): string => text.replace(/ in \d+ s$/, '');
