import { brokerUserName, jsonOf, PayoutTurn } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';
import { runInContext, type Logger } from '@payfan/service';
import { BatchNotTaken } from './batch-client.ts';
import type { Chunk } from './chunk-store.ts';
import type { ParkTurn, PutAway } from './park-turn.ts';
import type { WorkOff } from './work-off.ts';

export interface OnTurnOptions {
  claim: (turn: PayoutTurn) => Promise<Chunk | undefined>;
  workOff: WorkOff;
  park: ParkTurn;
  /** Called with each turn that is put off. */
  onPutOff: () => void;
  /** Called with the reason for each message that is put into the dead queue. */
  onPutAway: (reason: PutAway) => void;
  logger: Logger;
}

/**
 * Takes a turn: the next chunk of its payout, or the one that it took before its worker died. Returning means that
 * nothing of it is left to do; throwing, that what it needs is away.
 */
export function onTurn({
  claim,
  workOff,
  park,
  onPutOff,
  onPutAway,
  logger,
}: OnTurnOptions): (message: Incoming) => Promise<void> {
  return async (message) => {
    // Turns and their copies all come from payout itself; the broker has verified the name.
    if (message.userId !== brokerUserName('payout')) {
      await park.forGood(message, 'untrusted_publisher');
      onPutAway('untrusted_publisher');
      return;
    }
    const turn = readTurn(message);
    if (turn === undefined) {
      await park.forGood(message, 'unreadable');
      onPutAway('unreadable');
      return;
    }
    const { correlationid: correlationId, traceparent, data } = turn;
    await runInContext({ correlationId, traceparent }, async () => {
      const chunk = await claim(turn);
      if (chunk === undefined) return;
      try {
        await workOff(chunk);
      } catch (error) {
        if (!(error instanceof BatchNotTaken)) throw error;
        logger.error(
          { err: error, payoutId: data.payoutId, chunk: chunk.chunk },
          'turn put off: transaction does not take its chunk; see why there, it is sent again later',
        );
        onPutOff();
        await park.forLater(message, turn);
      }
    });
  };
}

function readTurn({ body }: Incoming): PayoutTurn | undefined {
  try {
    return PayoutTurn.parse(jsonOf(body));
  } catch {
    return undefined;
  }
}
