/**
 * Whether a page of ours asks for a change. Browsers say so themselves where they trust the connection
 * (https://www.w3.org/TR/fetch-metadata/): over https, and of this computer. Elsewhere, and if they are older, they
 * name the page's origin at least, with every method but GET. Whoever says nothing is no browser with a session.
 */
export function isSameOrigin(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin';
  const origin = headers.get('origin');
  return origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get('host');
}

/**
 * Whether what is asked for may be read. A GET of our own page says nothing of where it comes from, if the
 * connection is plain http: it is refused only if it says that it comes from elsewhere. Another site can only
 * lead a browser here with the cookie (`SameSite=Lax`), and no page of another origin is let see an answer.
 */
export function mayRead(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site');
  return site === null || site === 'same-origin';
}
