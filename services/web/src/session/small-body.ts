/** A sign-in is one key of at most 512 characters. */
const MOST_BYTES = 1_024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON body of a request, or undefined if it is not JSON in UTF-8. Of a body that is too large no more is read. */
export async function readSmallBody(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
    bytes += read.value.length;
    if (bytes > MOST_BYTES) {
      // Whether the client minds is its own matter.
      await reader?.cancel().catch(() => undefined);
      throw new BodyTooLarge();
    }
    chunks.push(read.value);
  }
  try {
    return JSON.parse(utf8.decode(Buffer.concat(chunks))) as unknown;
  } catch {
    return undefined;
  }
}

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}
