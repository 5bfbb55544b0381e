/**
 * Whether a page of ours asks. Browsers say so themselves (https://www.w3.org/TR/fetch-metadata/); older ones
 * name the page's origin at least. Whoever says nothing is no browser with a session.
 */
export function isSameOrigin(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const origin = headers.get('origin');
  return origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get('host');
}
