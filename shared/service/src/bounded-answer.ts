/** Enough for the answer about one thing, and all that a server of another company may make us hold. */
export const SMALL_ANSWER_BYTES = 64 * 1024;
/** For lists and batches of our own services: the longest, a read of many feeds, has 20,000 events. */
export const LARGE_ANSWER_BYTES = 32 * 1024 * 1024;

/** A server answered with more than the caller takes. What was left of the answer is not read. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
  constructor(mostBytes: number) {
    super(`the answer is longer than ${mostBytes} bytes`);
  }
}

/** An answer of `fetch` or of undici's `request`. */
interface Answer {
  readonly body: AsyncIterable<Uint8Array> | null;
}

/**
 * The whole body, as UTF-8. A longer one is cut off together with its connection, because a server that never stops
 * would otherwise fill the memory of this program. The bytes are counted after decompression.
 *
 * @throws AnswerTooLong, or what the body fails with
 */
export async function readText({ body }: Answer, mostBytes = SMALL_ANSWER_BYTES): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // To throw within the loop ends the stream, which closes the connection.
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    if (length > mostBytes) throw new AnswerTooLong(mostBytes);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** @throws as `readText`, and a SyntaxError for what is not JSON */
export async function readJson(answer: Answer, mostBytes?: number): Promise<unknown> {
  return JSON.parse(await readText(answer, mostBytes)) as unknown;
}
